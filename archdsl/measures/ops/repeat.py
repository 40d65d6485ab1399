"""Copies of a tensor side by side."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.elements import Sought, broadcast_place, element
from archdsl.measures.memory import Placed, Sizes
from archdsl.measures.receptive import repeated
from archdsl.measures.rules import sees, views
from archdsl.ops.base import Number
from archdsl.ops.repeat import Copies, Expand, RepeatInterleave
from archdsl.shapes import evaluate


@views.register
def _(op: Expand, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    new = len(made[0]) - len(x.shape)
    kept = zip(x.shape, made[0][new:], x.strides, strict=True)
    return ((*(0,) * new, *(stride if old == size else 0 for old, size, stride in kept)),)


@sees.register
def _(op: Expand, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    return (fields.elementwise(made[0], (x,)),)


@sees.register
def _(op: Copies, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    kept = zip(reversed(x.dims), reversed(x.shape), reversed(made[0]), strict=False)
    if any(fields.has_places(parts) and old != new for parts, old, new in kept):
        return (fields.everything(made[0], (x,)),)
    return (fields.elementwise(made[0], (x,)),)


@sees.register
def _(op: RepeatInterleave, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    if op.dim is None:
        return fields.usual(made, (x,))
    dim = op.dim % len(x.dims)
    return (fields.windowed(x, dim, (repeated(evaluate(op.repeats, {})),), made[0][dim : dim + 1]),)


@element.register
def _(op: Expand, at: Sought) -> Number:
    return at.read(0, broadcast_place(at.place, at.given[0]))
