"""Resized maps, and windows as columns."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from archdsl.measures import fields
from archdsl.measures.memory import NOTHING, Kept, Placed, Sizes
from archdsl.measures.receptive import Reads, cubic, nearest, portions, sampled, sliding, within
from archdsl.measures.rules import keeps, sees
from archdsl.ops.resize import Interpolate, Unfold, each, windows
from archdsl.shapes import TensorType, evaluate

_LARGEST: Final = 2**12
"""The largest denominator of a scale factor that is read as a fraction."""


@keeps.register
def _(op: Interpolate, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input of means over windows; a mean over everything keeps nothing."""
    return Kept((0,)) if op.mode == "area" and any(size != 1 for size in made[0].shape[2:]) else NOTHING


@sees.register
def _(op: Interpolate, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    olds, news = x.shape[2:], made[0][2:]
    factors = each(None if op.recompute_scale_factor else op.scale_factor, len(news), "scale_factor")
    reads = [_reads(op, *axis) for axis in zip(olds, news, factors, strict=True)]
    return (fields.windowed(x, 2, reads, news),)


def _reads(op: Interpolate, old: int, new: int, factor: float | None) -> Reads | None:
    if op.mode == "area":
        return portions(old, new)
    # a factor is used as it is given, even where the size is rounded down
    scale = Fraction(old, new) if factor is None else 1 / Fraction(factor).limit_denominator(_LARGEST)
    if op.mode == "nearest":
        return sampled(scale, Fraction(0), new, nearest)
    if op.mode == "nearest-exact":
        return sampled(scale, scale / 2, new, nearest)
    if op.align_corners:
        scale = Fraction(old - 1, new - 1) if new > 1 else Fraction(0)
    shift = Fraction(0) if op.align_corners and not op.antialias else (scale - 1) / 2
    wider = max(scale, Fraction(1)) if op.antialias else Fraction(1)
    if op.mode != "bicubic":
        return sampled(scale, shift, new, within(wider))
    return sampled(scale, shift, new, cubic if wider == 1 else within(2 * wider))


@sees.register
def _(op: Unfold, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    rank = len(x.dims)
    counts = [evaluate(count, {}) for count in windows(op, x.shape[-2:])]
    rule = zip(op.kernel_size, op.stride, op.dilation, op.padding, strict=True)
    reads = [sliding(*axis) for axis in rule]
    seen = fields.contracted(fields.windowed(x, rank - 2, reads, counts), rank - 3, made[0][-2])
    return (fields.regrouped(seen, made[0]),)
