"""Attention: `Multi-head attention` with `12 heads, causal`."""

from archdsl.ir.graph import Node
from archdsl.ops.attention import MultiheadAttention, ScaledDotProductAttention
from archdsl.shapes import Dim
from archdsl.words.naming import SampleSizes, Title, fixed
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: MultiheadAttention, node: Node, sizes: SampleSizes) -> Title:
    return _titled(op, op.num_heads)


@title_of.register
def _(op: ScaledDotProductAttention, node: Node, sizes: SampleSizes) -> Title:
    query = node.inputs[0]
    heads = query is not None and query.type.rank == 4
    return _titled(op, size(query.type.shape[1], sizes) if query is not None and heads else None)


def _titled(op: MultiheadAttention | ScaledDotProductAttention, heads: Dim | None) -> Title:
    said = [f"{heads} heads"] if heads else []
    return Title(fixed(op.called), fixed(", ".join([*said, *["causal"] * op.is_causal])))
