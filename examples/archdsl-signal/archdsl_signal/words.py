"""What figures call the ops, where the class alone does not say it."""

from archdsl.ir.graph import Node
from archdsl.words.naming import SampleSizes, Title
from archdsl.words.titles import title_of
from archdsl_signal.ops import GemPool2d


@title_of.register
def _(op: GemPool2d, node: Node, sizes: SampleSizes) -> Title:
    return Title("GeM pool", f"p = {op.p:g}")
