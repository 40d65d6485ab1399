"""Dropout and stochastic depth: modules, since what they do depends on `self.training`."""

from archdsl.ops.dropout import AnyDropout, StochasticDepth
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg


@lower.register
def _(op: AnyDropout, x: TensorType) -> Lowered:
    return Lowered(call(f"nn.{type(op).__name__}", **fields(op, "p")), None)


@lower.register
def _(op: StochasticDepth, x: TensorType) -> Lowered:
    return Lowered(call("StochasticDepth", Arg(op.p, "p"), **fields(op, "mode")), None)
