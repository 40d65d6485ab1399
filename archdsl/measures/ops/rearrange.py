"""`rearrange`: three steps, each of which may give a view."""

from collections.abc import Sequence
from functools import lru_cache

from archdsl.measures import fields
from archdsl.measures.elements import Sought, element, regrouped_place
from archdsl.measures.memory import Placed, Sizes, reshaped
from archdsl.measures.rules import sees, views
from archdsl.ops.base import Number
from archdsl.ops.rearrange import Rearrange
from archdsl.shapes import TensorType, evaluate


@views.register
def _(op: Rearrange, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    order, split = _split(op, x.shape)
    strides = reshaped(x, split)
    if strides is None:
        return None
    turned = x._replace(shape=tuple(split[i] for i in order), strides=tuple(strides[i] for i in order))
    merged = reshaped(turned, made[0])
    return None if merged is None else (merged,)


@sees.register
def _(op: Rearrange, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    order, split = _split(op, x.shape)
    return (fields.regrouped(fields.permuted(fields.regrouped(x, split), order), made[0]),)


@element.register
def _(op: Rearrange, at: Sought) -> Number:
    order, split = _split(op, at.given[0])
    turned = regrouped_place(at.place, at.shape, tuple(split[i] for i in order))
    places = dict(zip(order, turned, strict=True))
    return at.read(0, regrouped_place(tuple(places[i] for i in range(len(split))), split, at.given[0]))


@lru_cache(maxsize=1024)  # of a mask, element after element is asked for
def _split(op: Rearrange, shape: Sizes) -> tuple[Sizes, Sizes]:
    """The order of the axes, and their sizes in the order of the input."""
    plan = op.plan(TensorType(shape))
    return plan.order, tuple(evaluate(plan.sizes[axis], {}) for axis in plan.pattern.axes)
