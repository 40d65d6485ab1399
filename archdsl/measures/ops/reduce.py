"""Summaries of dimensions."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import NOTHING, Kept, Placed, Sizes, elements
from archdsl.measures.rules import keeps, sees
from archdsl.ops import reduce as ops
from archdsl.ops.rules import listed, normal_dims
from archdsl.shapes import TensorType

keeps.for_each(ops.Statistic, ops.Cumprod, ops.Logcumsumexp)(lambda *_: Kept((0,), (0,)))
keeps.for_each(ops.Mean, ops.Sum)(lambda *_: NOTHING)
keeps.register(ops.Var, lambda *_: Kept((0,)))
keeps.register(ops.Ordering, lambda *_: Kept(outputs=(1,)))  # the places


@keeps.register
def _(op: ops.Logsumexp, made: Sequence[TensorType], x: Placed) -> Kept:
    """Whole numbers, of which it makes floating ones, have no gradient."""
    return Kept((0,), (0,)) if x.learned else NOTHING


@sees.register
def _(op: ops.Statistic, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    rank = len(x.dims)
    dims = normal_dims(listed(getattr(op, "dim", None)), rank, "dim") or range(rank)
    whole = fields.mixed(x, dims)
    if len(made[0]) == rank:
        kept = [fields.plain(1) if i in dims else parts for i, parts in enumerate(x.dims)]
    else:
        kept = [parts for i, parts in enumerate(x.dims) if i not in dims]
    return (fields.together(kept, whole),) * len(made)


@keeps.register
def _(op: ops.Extreme, made: Sequence[TensorType], x: Placed) -> Kept:
    """The places, where it tells them."""
    return Kept(outputs=(1,)) if len(made) > 1 else Kept((0,), (0,))


@keeps.register
def _(op: ops.Normalize, made: Sequence[TensorType], x: Placed) -> Kept:
    """The vectors, and their lengths before and after the least is taken."""
    length = elements(ops.reduced(x.type, op.dim, keepdim=True), x.dtype)
    return Kept((0,), more=(length, length))


@sees.register
def _(op: ops.Normalize, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, listed(op.dim)),)


@sees.register
def _(op: ops.Running, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.mixed(x, (op.dim,)),)


@sees.register
def _(op: ops.Ordering, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    return (fields.contracted(x, dim, made[0][dim]),) * len(made)
