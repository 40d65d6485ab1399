"""The torch half of `archdsl.ops.repeat`."""

from archdsl.ops.base import Op
from archdsl.ops.repeat import Expand, Repeat, RepeatInterleave, Tile
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, as_method, fields, lower, method
from archdsl_torch.lowering.tree import Arg, In


@lower.for_each(Expand, Repeat, Tile)
def _(op: Op, x: TensorType) -> Lowered:
    return as_method(op)


@lower.register
def _(op: RepeatInterleave, x: TensorType) -> Lowered:
    repeats = Arg(op.repeats, "repeats")
    return Lowered(None, method(In(0), "repeat_interleave", repeats, **fields(op, "dim")))
