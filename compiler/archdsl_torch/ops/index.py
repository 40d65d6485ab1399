"""The torch half of `archdsl.ops.index`."""

from archdsl.ops.base import normal_dim
from archdsl.ops.index import Gather, Index, IndexSelect, MaskedFill, OneHot, TakeAlongDim, Where
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, lower, method
from archdsl_torch.lowering.tree import Arg, In, Range, Subscript


@lower.register
def _(op: Index, x: TensorType, index: TensorType) -> Lowered:
    whole = (Range(),) * normal_dim(op.dim, x.rank)
    return Lowered(None, Subscript(In(0), (*whole, In(1))))


@lower.for_each(IndexSelect, Gather)
def _(op: IndexSelect | Gather, x: TensorType, index: TensorType) -> Lowered:
    return Lowered(None, method(In(0), op.name, Arg(op.dim, "dim"), In(1)))


@lower.register
def _(op: TakeAlongDim, x: TensorType, indices: TensorType) -> Lowered:
    return Lowered(None, method(In(0), "take_along_dim", In(1), dim=Arg(op.dim, "dim")))


@lower.register
def _(op: OneHot, x: TensorType) -> Lowered:
    return Lowered(None, call("F.one_hot", In(0), Arg(op.num_classes, "num_classes")))


@lower.register
def _(op: Where, condition: TensorType, x: TensorType, other: TensorType) -> Lowered:
    return Lowered(None, call("torch.where", In(0), In(1), In(2)))


@lower.register
def _(op: MaskedFill, x: TensorType, mask: TensorType) -> Lowered:
    return Lowered(None, method(In(0), "masked_fill", In(1), Arg(op.value, "value")))
