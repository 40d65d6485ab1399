"""Statements about modules and weights that stand elsewhere: `share`, `tie`, a node's own tensor as a value."""

from __future__ import annotations

from typing import Any

from archdsl.shapes import TensorType
from tests.generators.fields import known, options, pick, rarely
from tests.generators.scope import Scope, Shareable, Value, infer


def again(scope: Scope) -> bool:
    """`share`: a node's or a block's module runs once more."""
    draw = scope.draw
    candidates = []
    for item in scope.shareable:
        matches = [scope.same(x) for x in item.inputs]
        if all(matches):
            candidates.append((item, matches))
    if not candidates:
        return False
    item, matches = pick(draw, candidates)
    read = [pick(draw, values) for values in matches]
    if any(v.when is not None for v in read):
        return False
    name = scope.name()
    reads: Any = {p: v.path for p, v in zip(item.ports, read, strict=True)} if item.ports else read[0].path
    values = [Value(f"{name}.{n}" if n else name, t) for n, t in item.outputs]
    scope.add(name, {"share": item.path, "from": reads}, values)
    return True


def weighted(scope: Scope) -> list[Shareable]:
    """The nodes so far that have a weight; a new linear layer where there is none."""
    found = [item for item in scope.shareable if item.weight is not None]
    value = None if found else scope.source()
    if value is None or not value.type.rank or not known(value.type.shape[-1]) or value.when is not None:
        return found
    name, (made,) = scope.name(), infer("linear", {"out_features": 4}, value.type) or (value.type,)
    scope.add(name, {"op": "linear", "from": value.path, "out_features": 4}, [Value(name, made)])
    scope.shareable.append(Shareable(name, (value.type,), (("", made),), (), (4, value.type.shape[-1])))
    return scope.shareable[-1:]


def tied(scope: Scope) -> bool:
    """`tie`: a linear layer with another's weight."""
    weights = [item for item in weighted(scope) if item.weight is not None and len(item.weight) == 2]
    if not weights:
        return False
    item = pick(scope.draw, weights)
    assert item.weight is not None
    out, into = item.weight
    fitting = [v for v in scope.readable() if v.type.dtype == "float32" and v.type.rank and v.type.shape[-1] == into]
    if not fitting:
        return False
    value = pick(scope.draw, fitting)
    name = scope.name()
    made = value.type.with_shape((*value.type.shape[:-1], out))
    entry = {"op": "linear", "from": value.path, "out_features": out, "tie": {"weight": f"{item.path}.weight"}}
    scope.add(name, entry | options(scope.draw, bias=[False]), [Value(name, made, value.when)])
    return True


def weight_read(scope: Scope) -> bool:
    """A node's own tensor as a value, or fed to a port."""
    weights = weighted(scope)
    if not weights:
        return False
    item = pick(scope.draw, weights)
    assert item.weight is not None
    path = f"{item.path}.weight"
    name = scope.name()
    if len(item.weight) == 2 and rarely(scope.draw, 2):
        fitting = [
            v
            for v in scope.readable()
            if v.type.dtype == "float32" and v.type.rank and v.type.shape[-1] == item.weight[1]
        ]
        if not fitting:
            return False
        value = pick(scope.draw, fitting)
        made = value.type.with_shape((*value.type.shape[:-1], item.weight[0]))
        scope.add(
            name, {"op": "linear", "from": {"input": value.path, "weight": path}}, [Value(name, made, value.when)]
        )
        return True
    if "-" in path or any(p.isdigit() for p in path.split(".")):
        return False
    scope.add(name, f"= {path} * 2", [Value(name, TensorType(item.weight))])
    return True
