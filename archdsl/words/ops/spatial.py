"""Channels that are shuffled, `Channel shuffle` with `2 groups`, and places added alike at all ends, `Pad 1`."""

from archdsl.ir.graph import Node
from archdsl.ops.spatial import ChannelShuffle, Pad
from archdsl.words.naming import SampleSizes, Title, fixed, listed
from archdsl.words.quantities import size
from archdsl.words.titles import title_of


@title_of.register
def _(op: ChannelShuffle, node: Node, sizes: SampleSizes) -> Title:
    return Title(fixed("Channel shuffle"), fixed(f"{op.groups} groups"))


@title_of.register
def _(op: Pad, node: Node, sizes: SampleSizes) -> Title:
    places = [size(each, sizes) for each in op.pad]
    return Title("Pad", fixed(listed(places if len(set(places)) > 1 else places[:1])), comma=False)
