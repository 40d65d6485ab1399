"""Other shapes of the same elements."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.memory import Placed, Sizes, reshaped
from archdsl.measures.rules import sees, views
from archdsl.ops.reshape import Flip, Regroup, Reorder, Roll
from archdsl.ops.rules import listed


@views.register
def _(op: Regroup, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    strides = reshaped(x, made[0])
    return None if strides is None else (strides,)


@sees.register
def _(op: Regroup, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.regrouped(x, made[0]),)


@views.register
def _(op: Reorder, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    return (tuple(x.strides[dim] for dim in op.order(len(x.shape))),)


@sees.register
def _(op: Reorder, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.permuted(x, op.order(len(x.dims))),)


@sees.register
def _(op: Flip, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (_moved(x, op.dims),)


@views.register
def _(op: Roll, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    return None if any(listed(op.shifts)) else (x.strides,)


@sees.register
def _(op: Roll, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    shifts, dims = listed(op.shifts), listed(op.dims)
    if not dims:
        return (_moved(x, range(len(x.dims)) if any(shifts) else ()),)
    return (_moved(x, [dim for dim, shift in zip(dims, shifts, strict=True) if shift]),)


def _moved(x: fields.Field, dims: Sequence[int]) -> fields.Field:
    """What stood at one end of these dimensions stands at the other: a place may see anything along them."""
    if any(fields.has_places(x.dims[dim]) for dim in dims):
        return fields.everything(x.shape, (x,))
    return x
