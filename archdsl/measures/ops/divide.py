"""Parts of a tensor, which lie in its memory."""

from collections.abc import Sequence
from itertools import accumulate

from archdsl.measures import fields
from archdsl.measures.elements import Sought, element
from archdsl.measures.memory import Placed, Sizes
from archdsl.measures.rules import sees, views
from archdsl.ops.base import Number
from archdsl.ops.divide import Dividing, Narrow, Select, Slice, Unbind, from_front
from archdsl.ops.rules import replaced
from archdsl.shapes import evaluate


@views.for_each(Dividing, Narrow)
def _(op: Dividing | Narrow, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    return (x.strides,) * len(made)


@sees.register
def _(op: Dividing, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    starts = accumulate((shape[dim] for shape in made), initial=0)
    return tuple(fields.cut(x, dim, shape, start) for shape, start in zip(made, starts, strict=False))


@views.for_each(Unbind, Select)
def _(op: Unbind | Select, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    return (replaced(x.strides, op.dim % len(x.shape)),) * len(made)


@sees.register
def _(op: Unbind, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    return tuple(fields.picked(x, dim, place) for place in range(len(made)))


@sees.register
def _(op: Select, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    return (fields.picked(x, dim, evaluate(op.index, {}) % x.shape[dim]),)


@sees.register
def _(op: Narrow, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    start = from_front(op.start, x.shape[dim])
    return (fields.cut(x, dim, made[0], evaluate(start, {})),)


@views.register
def _(op: Slice, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    dim = op.dim % len(x.shape)
    return (replaced(x.strides, dim, x.strides[dim] * op.step),)


@sees.register
def _(op: Slice, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    dim = op.dim % len(x.dims)
    start, _ = op.bounds(x.shape[dim])
    return (fields.cut(x, dim, made[0], evaluate(start, {}), op.step),)


@element.register
def _(op: Narrow, at: Sought) -> Number:
    dim = op.dim % len(at.shape)
    start = evaluate(from_front(op.start, at.given[0][dim]), {})
    return at.read(0, replaced(at.place, dim, at.place[dim] + start))


@element.register
def _(op: Slice, at: Sought) -> Number:
    dim = op.dim % len(at.shape)
    start = evaluate(op.bounds(at.given[0][dim])[0], {})
    return at.read(0, replaced(at.place, dim, start + at.place[dim] * op.step))
