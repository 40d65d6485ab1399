"""Formulas, what stands for a mode, and the borders of loops."""

from collections.abc import Sequence

from archdsl.measures import fields
from archdsl.measures.elements import Sought, broadcast_place, element
from archdsl.measures.formulas import formula_keeps, formula_scratch
from archdsl.measures.memory import Kept, Placed, Sizes
from archdsl.measures.rules import keeps, scratch, sees, views
from archdsl.ops.base import Number, Op
from archdsl.ops.special import ByMode, Constant, Formula, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.shapes import TensorType


@scratch.register
def _(op: Formula, made: Sequence[TensorType], *inputs: Placed) -> tuple[TensorType, ...]:
    return formula_scratch(op.expression, [x.type for x in inputs])


@keeps.register
def _(op: Formula, made: Sequence[TensorType], *inputs: Placed) -> Kept:
    return formula_keeps(op.expression, inputs)


@views.for_each(ByMode, ScanCarry, ScanLast)
def _(op: Op, made: Sequence[Sizes], training: bool, x: Placed, *others: Placed) -> tuple[Sizes, ...]:
    return (x.strides,)


@views.register
def _(op: ScanSlice, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
    at = op.dim % len(x.shape)
    return ((*x.strides[:at], *x.strides[at + 1 :]),)


@sees.register
def _(op: ScanSlice, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    """What is carried from step to step makes each see those before it."""
    return (fields.replaced(fields.mixed(x, (op.dim,)), op.dim % len(x.dims)),)


@scratch.register
def _(op: ScanStack, made: Sequence[TensorType], x: Placed) -> tuple[TensorType, ...]:
    """The list of what the steps made."""
    return (made[0],)


@sees.register
def _(op: ScanStack, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    at = op.dim % len(made[0])
    return (fields.together((*x.dims[:at], fields.plain(made[0][at]), *x.dims[at:]), x),)


@element.register
def _(op: Constant, at: Sought) -> Number:
    return at.formulas.of(op.value, dict(zip(op.index, at.place, strict=True)) if op.index else {})


@element.register
def _(op: Formula, at: Sought) -> Number:
    names = {str(i): at.read(i, broadcast_place(at.place, shape)) for i, shape in enumerate(at.given)}
    return at.formulas.of(op.expression, names)
