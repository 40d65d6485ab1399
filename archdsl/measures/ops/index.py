"""Elements picked by an index or a condition."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes
from archdsl.measures.rules import keeps, sees
from archdsl.ops.index import Along, Index, IndexSelect, MaskedFill, OneHot, Pick, Where
from archdsl.ops.rules import replaced
from archdsl.shapes import TensorType

keeps.for_each(Pick, MaskedFill)(lambda *_: Kept((1,)))  # the index, the mask
keeps.register(Where, lambda *_: Kept((0,)))  # the condition


@keeps.register
def _(op: Along, made: Sequence[TensorType], x: Placed, index: Placed) -> Kept:
    """The input and the index, which is written out where it is broadcast."""
    if index.shape == made[0].shape:
        return Kept((0, 1))
    return Kept((0,), more=(TensorType(made[0].shape, index.dtype),))


@sees.for_each(Index, IndexSelect)
def _(op: Index | IndexSelect, made: Sequence[Sizes], x: fields.Field, index: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    return (fields.together(replaced(x.dims, dim, *index.dims), fields.mixed(x, (dim,)), index),)


@sees.register
def _(op: Along, made: Sequence[Sizes], x: fields.Field, index: fields.Field) -> tuple[fields.Field, ...]:
    return fields.usual(made, (fields.mixed(x, (op.dim,)), index))


@sees.register
def _(op: OneHot, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.together((*x.dims, fields.plain(op.num_classes)), x),)
