"""A mean over all positions of an image is known as a pooling layer."""

from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.base import Op
from archdsl.ops.reduce import Mean, Topk
from archdsl.ops.rules import listed
from archdsl.words.naming import SampleSizes, Title, fixed
from archdsl.words.quantities import size
from archdsl.words.titles import title_of

IMAGE: Final = 4
"""The rank of a batch of images."""


@title_of.register
def _(op: Mean, node: Node, sizes: SampleSizes) -> Title:
    value = node.inputs[0]
    rank = value.type.rank if value is not None else 0
    if rank == IMAGE and sorted(dim % rank for dim in listed(op.dim)) == [2, 3]:
        return Title(fixed("Global average pool"))
    return title_of.case(Op)(op, node, sizes)


@title_of.register
def _(op: Topk, node: Node, sizes: SampleSizes) -> Title:
    value = node.inputs[0]
    among = f" of {size(value.type.shape[op.dim], sizes)}" if value is not None else ""
    return Title(op.called, fixed(f"{op.k}{among}"), comma=False)
