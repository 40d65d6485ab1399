"""Tensors that are joined."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Sizes
from archdsl.measures.rules import sees
from archdsl.ops.combine import Cat, Stack


@sees.register
def _(op: Cat, made: Sequence[Sizes], *tensors: fields.Field) -> tuple[fields.Field, ...]:
    dim, shape = op.dim % len(made[0]), made[0]
    if any(fields.has_places(x.dims[dim]) for x in tensors):
        return (fields.everything(shape, tensors),)
    one = [x._replace(dims=(*x.dims[:dim], fields.plain(shape[dim]), *x.dims[dim + 1 :])) for x in tensors]
    return (fields.elementwise(shape, one),)


@sees.register
def _(op: Stack, made: Sequence[Sizes], *tensors: fields.Field) -> tuple[fields.Field, ...]:
    dim, shape = op.dim % len(made[0]), made[0]
    joined = fields.elementwise((*shape[:dim], *shape[dim + 1 :]), tensors)
    dims = (*joined.dims[:dim], fields.plain(shape[dim]), *joined.dims[dim:])
    return (fields.together(dims, joined),)
