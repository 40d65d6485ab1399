"""Pooling: `MaxPool 3×3` with `/2`, `Global average pool`."""

from archdsl.ir.graph import Node
from archdsl.ops.pool import AdaptiveMaxPool, AdaptivePool, Pool
from archdsl.words.naming import SampleSizes, Title, fixed, times
from archdsl.words.ops.conv import step
from archdsl.words.quantities import SPACE, size
from archdsl.words.titles import title_of


@title_of.register
def _(op: Pool, node: Node, sizes: SampleSizes) -> Title:
    return Title(f"{op.called}{SPACE}{times(op.kernel_size)}", ", ".join(step(op.stride)), stem=op.called)


@title_of.register
def _(op: AdaptivePool, node: Node, sizes: SampleSizes) -> Title:
    how = "max" if isinstance(op, AdaptiveMaxPool) else "average"
    output = node.types[0].shape[2:]
    if all(side == 1 for side in output):
        return Title(fixed(f"Global {how} pool"))
    return Title(fixed(f"Adaptive {how} pool"), "×".join(str(size(side, sizes)) for side in output))
