"""Statements that compute with values of one type: sums of lists, and numbers of 32 bits."""

from __future__ import annotations

from tests.generators.fields import number, pick
from tests.generators.scope import Scope, Value


def summed(scope: Scope) -> bool:
    """`add`: several values of one type, one of them twice perhaps."""
    value = scope.source()
    if value is None or value.when is not None:
        return False
    fitting = [each for each in scope.same(value.type) if each.when is None] or [value]
    paths = [pick(scope.draw, fitting).path for _ in range(number(scope.draw, 1, 4))]
    name = scope.name()
    made = Value(name, value.type)
    scope.add(name, {"op": "add", "from": [value.path, *paths]}, [made])
    return True


def single(scope: Scope) -> bool:
    """A value in 32 bits, something computed of it, and back in the model's dtype."""
    value = scope.source()
    if value is None or value.when is not None or "-" in value.path or value.type.dtype != "float32":
        return False
    low = scope.name()
    scope.add(low, {"op": "cast", "from": value.path, "dtype": "torch.float32"}, [], shown=False)
    made = scope.name()
    scope.add(made, f"= tanh({low}) * 3 - {low} / 7", [], shown=False)
    back = scope.name()
    scope.add(back, {"op": "cast", "from": made, "dtype": "float32"}, [Value(back, value.type)])
    return True
