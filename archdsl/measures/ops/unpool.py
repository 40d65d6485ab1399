"""Unpooling."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Sizes
from archdsl.measures.receptive import spread
from archdsl.measures.rules import keeps, sees
from archdsl.ops.unpool import MaxUnpool

keeps.register(MaxUnpool, lambda *_: Kept((1,)))


@sees.register
def _(op: MaxUnpool, made: Sequence[Sizes], x: fields.Field, indices: fields.Field) -> tuple[fields.Field, ...]:
    """Each place sees the maxima of the windows that it was in, as long as the indices are those of such a pooling."""
    rule = zip(op.kernel_size, op.steps, op.padding, strict=True)
    reads = [spread(kernel, step, 1, side) for kernel, step, side in rule]
    both = fields.together(x.dims, x, indices)
    return (fields.windowed(both, 2, reads, made[0][2:]),)
