"""Normalisation."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, elements
from archdsl.measures.rules import keeps, scratch, sees
from archdsl.ops.norm import GroupNorm, InstanceNorm, LocalResponseNorm, RmsNorm, RunningNorm, TrailingNorm
from archdsl.shapes import TensorType


@keeps.register
def _(op: RunningNorm, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, and each channel's mean and deviation."""
    return Kept((0,), more=(elements((2, x.shape[1])),))


@keeps.register
def _(op: InstanceNorm, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, the mean and deviation of each channel of each sample, and for each sample the layer's own tensors but
    the bias."""
    copies = 2 + op.affine + 2 * op.track_running_stats
    return Kept((0,), more=(elements((copies, *x.shape[:2])),))


@sees.register
def _(op: InstanceNorm, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, range(2, len(x.dims))),)


@keeps.register
def _(op: TrailingNorm, made: Sequence[TensorType], x: Placed, *weights: Any) -> Kept:
    """The input, weights that are fed, and the statistics of each vector."""
    return Kept(_fed(weights), more=(elements((2, *x.shape[: -op.normalized_dims])),))


@sees.register
def _(
    op: TrailingNorm, made: Sequence[Sizes], x: fields.Field, *weights: fields.Field | None
) -> tuple[fields.Field, ...]:
    return (fields.with_weights(fields.mixed(x, range(-op.normalized_dims, 0)), weights),)


@keeps.register
def _(op: RmsNorm, made: Sequence[TensorType], x: Placed, *weights: Any) -> Kept:
    """The input, weights that are fed, each vector's divisor, and for the weight's gradient the quotient."""
    scaled = (x.type,) if op.elementwise_affine or any(weights) else ()
    return Kept(_fed(weights), more=(elements(x.shape[: -op.normalized_dims]), *scaled))


def _fed(weights: Sequence[Placed | None]) -> tuple[int, ...]:
    """The places of the input and of the weights that there are."""
    return (0, *(place for place, weight in enumerate(weights, start=1) if weight is not None))


@keeps.register
def _(op: GroupNorm, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, and each group's mean and deviation."""
    return Kept((0,), more=(elements((2, x.shape[0], op.num_groups)),))


@sees.register
def _(op: GroupNorm, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.within_groups(x, op.num_groups),)


@scratch.register
def _(op: LocalResponseNorm, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
    """The squares, padded, and their means."""
    batch, channels, *places = x.shape
    return elements((batch, channels + op.size - 1, *places), x.dtype), x.type


@keeps.register
def _(op: LocalResponseNorm, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, the padded squares, and the divisor before and after it is raised."""
    return Kept((0,), more=(*scratch(op, made, x), x.type))


@sees.register
def _(op: LocalResponseNorm, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, (1,)),)
