"""Normalisation of groups: `GroupNorm` with `32 groups`."""

from archdsl.ir.graph import Node
from archdsl.ops.norm import GroupNorm
from archdsl.words.naming import SampleSizes, Title, fixed
from archdsl.words.titles import title_of


@title_of.register
def _(op: GroupNorm, node: Node, sizes: SampleSizes) -> Title:
    return Title(op.called, fixed(f"{op.num_groups} groups"))
