"""Arguments as layers take them: one number where the sizes of all dimensions are equal."""

from __future__ import annotations

from typing import Any

from archdsl.ops.base import Op
from archdsl.shapes import Symbolic
from archdsl_torch.lowering import Arg, Call, Code


def layer_fields(op: Op, *names: str) -> dict[str, Code]:
    """Keyword arguments for these fields, but for those at torch's default."""
    return {name: layer_field(op, name) for name in names if not _is_default(op, name)}


def layer_field(op: Op, name: str) -> Arg:
    return Arg(_one_if_equal(getattr(op, name)), name)


def static(module: Call) -> Call | None:
    """None where the constructor would take a size that is known only at run time."""
    values = [arg.value for arg in module.args if isinstance(arg, Arg)]
    sizes = [size for value in values for size in (value if isinstance(value, tuple) else (value,))]
    return None if any(isinstance(size, Symbolic) for size in sizes) else module


def _is_default(op: Op, name: str) -> bool:
    default = type(op).model_fields[name].get_default()
    return bool(_one_if_equal(getattr(op, name)) == _one_if_equal(default))


def _one_if_equal(value: Any) -> Any:
    """3 for (3, 3), as torch spells it; anything else as it is."""
    if isinstance(value, tuple) and value[0] is not None and all(item == value[0] for item in value):
        return value[0]
    return value
