"""The torch half of `archdsl.ops.repeat`."""

from __future__ import annotations

from archdsl.ops.repeat import Expand, Repeat, RepeatInterleave, Tile
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, fields, lower, method
from archdsl_torch.lowering.tree import Arg, In


@lower.register
def _(op: Expand, x: TensorType) -> Lowered:
    return Lowered(None, method(In(0), "expand", Arg(op.size, "size")))


@lower.register
def _(op: Repeat, x: TensorType) -> Lowered:
    return Lowered(None, method(In(0), "repeat", Arg(op.repeats, "repeats")))


@lower.register
def _(op: Tile, x: TensorType) -> Lowered:
    return Lowered(None, method(In(0), "tile", Arg(op.dims, "dims")))


@lower.register
def _(op: RepeatInterleave, x: TensorType) -> Lowered:
    repeats = Arg(op.repeats, "repeats")
    return Lowered(None, method(In(0), "repeat_interleave", repeats, **fields(op, "dim")))
