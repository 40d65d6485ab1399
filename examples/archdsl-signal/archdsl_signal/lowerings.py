"""How the ops are printed: as a call of this package's function, and as its module."""

from archdsl.shapes import TensorType
from archdsl_signal.ops import GemPool2d, Haar2d
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import In


@lower.register
def _(op: Haar2d, x: TensorType) -> Lowered:
    return Lowered(None, call("archdsl_signal.haar2d", In(0)))


@lower.register
def _(op: GemPool2d, x: TensorType) -> Lowered:
    return Lowered(call("archdsl_signal.GemPool2d", **fields(op, "p", "eps")), None)
