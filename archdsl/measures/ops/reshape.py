"""Other shapes of the same elements."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.elements import Sought, element, regrouped_place
from archdsl.measures.memory import Placed, Sizes, reshaped
from archdsl.measures.rules import sees, views
from archdsl.ops.base import Number
from archdsl.ops.reshape import Flip, Regroup, Reorder, Roll, Tril, Triu
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


@element.register
def _(op: Regroup, at: Sought) -> Number:
    return at.read(0, regrouped_place(at.place, at.shape, at.given[0]))


@element.register
def _(op: Reorder, at: Sought) -> Number:
    before = dict(zip(op.order(len(at.place)), at.place, strict=True))
    return at.read(0, tuple(before[dim] for dim in range(len(at.place))))


@element.register
def _(op: Tril, at: Sought) -> Number:
    return at.read(0, at.place) if at.place[-1] - at.place[-2] <= op.diagonal else 0


@element.register
def _(op: Triu, at: Sought) -> Number:
    return at.read(0, at.place) if at.place[-1] - at.place[-2] >= op.diagonal else 0
