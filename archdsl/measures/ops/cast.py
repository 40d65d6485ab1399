"""Ops that change what a tensor is."""

from collections.abc import Sequence

from archdsl.measures.elements import Sought, element
from archdsl.measures.memory import Placed, Sizes
from archdsl.measures.rules import views
from archdsl.ops.base import Number
from archdsl.ops.cast import Cast, Detach


@views.register
def _(op: Cast, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    return (x.strides,) if x.dtype == op.dtype else None


@views.register
def _(op: Detach, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    return (x.strides,)


@element.for_each(Cast, Detach)
def _(op: Cast | Detach, at: Sought) -> Number:
    found = at.read(0, at.place)
    return bool(found) if isinstance(op, Cast) and op.dtype == "bool" else found
