"""Sums over named indices: `Einsum b h t d, b h s d → b h t s`."""

from archdsl.ir.graph import Node
from archdsl.ops.einsum import Einsum
from archdsl.words.naming import SampleSizes, Title, humanise
from archdsl.words.ops.rearrange import with_pattern
from archdsl.words.titles import title_of


@title_of.register
def _(op: Einsum, node: Node, sizes: SampleSizes) -> Title:
    return with_pattern(humanise(op.name), op.equation.replace("->", " → "))
