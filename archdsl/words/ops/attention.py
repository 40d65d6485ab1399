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
    if query is None or not heads:
        return _titled(op, None)
    key = node.inputs[1]
    shared = size(key.type.shape[1], sizes) if key is not None else None
    return _titled(op, size(query.type.shape[1], sizes), shared)


def _titled(op: MultiheadAttention | ScaledDotProductAttention, heads: Dim | None, shared: Dim | None = None) -> Title:
    """`shared`: the heads of keys and values, each of which several heads of queries read."""
    said = [f"{heads} {'head' if heads == 1 else 'heads'}"] if heads else []
    said += [f"{shared} key/value {'head' if shared == 1 else 'heads'}"] if shared and shared != heads else []
    return Title(fixed(op.called), fixed(", ".join([*said, *["causal"] * op.is_causal])))
