"""Tensors that are joined: `Concat 512`, the width that they have together."""

from archdsl.ir.graph import Node
from archdsl.ops.combine import Cat
from archdsl.words.naming import SampleSizes, Title
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Cat, node: Node, sizes: SampleSizes) -> Title:
    return Title(op.called, str(size(node.types[0].shape[op.dim], sizes)), comma=False)
