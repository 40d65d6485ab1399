"""Unpooling: `MaxUnpool 2×2`."""

from archdsl.ir.graph import Node
from archdsl.ops.unpool import MaxUnpool
from archdsl.words.naming import SampleSizes, Title, times
from archdsl.words.ops.conv import step
from archdsl.words.quantities import SPACE
from archdsl.words.titles import title_of


@title_of.register
def _(op: MaxUnpool, node: Node, sizes: SampleSizes) -> Title:
    title = f"{op.called}{SPACE}{times(op.kernel_size)}"
    return Title(title, ", ".join(step(op.stride, "×")), stem=op.called)
