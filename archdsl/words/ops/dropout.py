"""Dropout with its probability: `Dropout 0.1`."""

from archdsl.ir.graph import Node
from archdsl.ops.dropout import ChannelDropout, Dropout
from archdsl.words.naming import SampleSizes, Title
from archdsl.words.titles import title_of


@title_of.for_each(Dropout, ChannelDropout)
def _(op: Dropout | ChannelDropout, node: Node, sizes: SampleSizes) -> Title:
    return Title("Dropout", f"{op.p:.3g}", comma=False)
