"""Convolutions: `Conv 3×3` with `128, /2, depthwise`."""

from archdsl.ir.graph import Node
from archdsl.ops.conv import Convolution
from archdsl.words.naming import SampleSizes, Title, common, fixed, times
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Convolution, node: Node, sizes: SampleSizes) -> Title:
    stem = "Transposed conv" if op.transposed else "Conv"
    kernel = op.kernel_size or _of_weight(node, sizes)
    if kernel is None:
        return Title(stem)
    if len(kernel) == 1:
        stem += "1d"  # of `Conv 4` nobody knows
    fields = [str(size(node.types[0].shape[1], sizes)), *step(op.stride, "×" if op.transposed else "/")]
    if set(op.dilation) != {1}:
        fields.append(f"dilation {common(op.dilation)}")
    channels = node.inputs[0].type.shape[1] if node.inputs[0] is not None else None
    if op.groups > 1:
        fields.append("depthwise" if op.groups == channels else f"{op.groups} groups")
    return Title(fixed(f"{stem} {times(kernel)}"), fixed(", ".join(fields)), stem=stem)


def _of_weight(node: Node, sizes: SampleSizes) -> tuple[int, ...] | None:
    """The size of a kernel that is fed; None where it is not known."""
    weight = node.inputs[1] if len(node.inputs) > 1 else None
    found = [size(dim, sizes) for dim in weight.type.shape[2:]] if weight is not None else []
    return tuple(dim for dim in found if isinstance(dim, int)) or None


def step(stride: tuple[int, ...] | None, sign: str = "/") -> list[str]:
    """`/2`, where it is not 1."""
    return [f"{sign}{common(stride)}"] if stride and set(stride) != {1} else []
