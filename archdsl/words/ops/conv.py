"""Convolutions: `Conv 3×3` with `128, /2, depthwise`."""

from archdsl.ir.graph import Node
from archdsl.ops.conv import Convolution
from archdsl.words.naming import SampleSizes, Title, common, fixed, times
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Convolution, node: Node, sizes: SampleSizes) -> Title:
    stem = "Transposed conv" if op.transposed else "Conv"
    if op.kernel_size is None:
        return Title(stem)
    if len(op.kernel_size) == 1:
        stem += "1d"  # of `Conv 4` nobody knows
    fields = [str(size(node.types[0].shape[1], sizes)), *step(op.stride, "×" if op.transposed else "/")]
    if set(op.dilation) != {1}:
        fields.append(f"dilation {common(op.dilation)}")
    channels = node.inputs[0].type.shape[1] if node.inputs[0] is not None else None
    if op.groups > 1:
        fields.append("depthwise" if op.groups == channels else f"{op.groups} groups")
    return Title(fixed(f"{stem} {times(op.kernel_size)}"), fixed(", ".join(fields)), stem=stem)


def step(stride: tuple[int, ...] | None, sign: str = "/") -> list[str]:
    """`/2`, where it is not 1."""
    return [f"{sign}{common(stride)}"] if stride and set(stride) != {1} else []
