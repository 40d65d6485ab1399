"""Pooling."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import NOTHING, Kept, Placed, Sizes, elements, padded
from archdsl.measures.receptive import portions, sliding
from archdsl.measures.rules import keeps, scratch, sees
from archdsl.ops.pool import AdaptiveMaxPool, AdaptivePool, AvgPool, LpPool, MaxPool, Pool
from archdsl.shapes import TensorType, evaluate


@keeps.register
def _read(op: Pool, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, or what is padded of it."""
    apart = _padded(op, x)
    return Kept(more=apart) if apart else Kept((0,))


def _padded(op: Pool, x: Placed) -> tuple[TensorType, ...]:
    """The input padded before, by numbers that follow from its size."""
    margins = [] if op.sides is not None else op.margins(x.shape[2:])
    if not any(evaluate(after, {}) for _, after in margins):
        return ()
    return (padded(x, margins),)


def _counts(op: AvgPool, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
    """How much of each window is no padding, where that is counted."""
    counted = not op.count_include_pad and getattr(op, "divisor_override", None) is None
    return (elements((1, 1, *made[0].shape[2:]), x.dtype),) if counted and _padded(op, x) else ()


@keeps.register
def _(op: AvgPool, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, and by what the sums are divided where the padding does not count."""
    read = _read(op, made, x)
    return read._replace(more=(*read.more, *_counts(op, made, x)))


@scratch.register
def _(op: AvgPool, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
    """What is padded, and the means that are divided by counts."""
    counts = _counts(op, made, x)
    return (*_padded(op, x), *counts, *(made if counts else ()))


@keeps.register
def _(op: LpPool, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input and its powers; of each window's mean itself, its sign, what is positive of it, and their product."""
    return Kept((0,), more=(x.type, *(made[0],) * 4))


@sees.register
def _(op: Pool, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    before = (evaluate(margin[0], {}) for margin in op.margins(x.shape[2:]))
    rule = zip(op.kernel_size, op.steps, op.gaps, before, strict=True)
    return (fields.windowed(x, 2, [sliding(*each) for each in rule], made[0][2:]),) * len(made)


@scratch.for_each(MaxPool, AdaptiveMaxPool)
def _(op: MaxPool | AdaptiveMaxPool, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
    """What is padded, and where each maximum stood, where that is no output."""
    apart = _padded(op, x) if isinstance(op, MaxPool) else ()
    return (*apart, *(() if op.return_indices else (elements(made[0].shape, "int64"),)))


@keeps.for_each(MaxPool, AdaptiveMaxPool)
def _(op: MaxPool | AdaptiveMaxPool, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input or what is padded of it, and where each maximum stood."""
    read = () if isinstance(op, MaxPool) and _padded(op, x) else (0,)
    return Kept(read, (1,) if op.return_indices else (), scratch(op, made, x))


@keeps.register
def _(op: AdaptivePool, made: Sequence[TensorType], x: Placed) -> Kept:
    """A mean over everything keeps nothing."""
    return Kept((0,)) if any(size != 1 for size in made[0].shape[2:]) else NOTHING


@sees.register
def _(op: AdaptivePool, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    windows = [portions(old, new) for old, new in zip(x.shape[2:], made[0][2:], strict=True)]
    whole = fields.mixed(x, (dim for dim, size in enumerate(made[0]) if dim > 1 and size == 1))
    return (fields.windowed(whole, 2, windows, made[0][2:]),) * len(made)
