"""Recurrent layers: `LSTM` with `512, 2 layers, both ways`."""

from archdsl.ir.graph import Node
from archdsl.ops.recurrent import Cell, Recurrent
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.titles import title_of


@title_of.register
def _(op: Recurrent, node: Node, sizes: SampleSizes) -> Title:
    layers = [f"{op.num_layers} layers"] if op.num_layers > 1 else []
    fields = [str(op.hidden_size), *layers, *["both ways"] * op.bidirectional]
    return Title(humanise(op.name), fixed(", ".join(fields)))


@title_of.register
def _(op: Cell, node: Node, sizes: SampleSizes) -> Title:
    return Title(humanise(op.name), str(op.hidden_size))
