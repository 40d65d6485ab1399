"""Arguments as layers take them: one number where the sizes of all dimensions are equal."""

from collections.abc import Sequence
from typing import Any, TypeAlias

from archdsl.ops.base import Op
from archdsl.shapes import Dim, Shape, Symbolic, TensorType
from archdsl_torch.lowering.base import call
from archdsl_torch.lowering.tree import Arg, Attribute, Call, Code, Fixed, In, Starred, Subscript, Tuple

Margins: TypeAlias = tuple[tuple[Dim, Dim], ...]
"""The padding before and after each spatial dimension."""


def layer_fields(op: Op, *names: str) -> dict[str, Code]:
    """Keyword arguments for these fields, but for those at torch's default."""
    return {name: layer_field(op, name) for name in names if not _is_default(op, name)}


def layer_field(op: Op, name: str) -> Arg:
    return Arg(_one_if_equal(getattr(op, name)), name)


def padded_before(code: Code, x: TensorType, margins: Margins, windows: Sequence[Shape], **options: Code) -> Code:
    """What pads `code` by these margins, a tensor of the op's first input's sizes, those of `x`; itself by none.

    `windows` are kernel, stride and dilation, from which the padding of a size that only the run knows is computed.
    """
    if not any(side for margin in margins for side in margin):
        return code
    pads: list[Code] = []  # the innermost dimension comes first in F.pad
    for dim in reversed(range(len(margins))):
        if isinstance(x.shape[dim + 2], int):
            pads += map(Arg, margins[dim])
        else:
            kernel, stride, dilation = (sizes[dim] for sizes in windows)
            size = Subscript(Attribute(In(0), "shape"), (Fixed(dim + 2),))
            gap = (Arg(dilation),) if dilation != 1 else ()
            pads.append(Starred(Call("same_upper", (size, Arg(kernel), Arg(stride), *gap))))
    return call("F.pad", code, Tuple(tuple(pads)), **options)


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
