"""Channels that are shuffled: `Channel shuffle` with `2 groups`."""

from archdsl.ir.graph import Node
from archdsl.ops.spatial import ChannelShuffle
from archdsl.words.naming import SampleSizes, Title, fixed
from archdsl.words.titles import title_of


@title_of.register
def _(op: ChannelShuffle, node: Node, sizes: SampleSizes) -> Title:
    return Title(fixed("Channel shuffle"), fixed(f"{op.groups} groups"))
