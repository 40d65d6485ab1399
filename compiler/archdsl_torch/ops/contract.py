"""The torch half of `archdsl.ops.contract`."""

from archdsl.ops.contract import Bmm, Cdist, CosineSimilarity, Matmul, PairwiseDistance
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import In


@lower.for_each(Matmul, Bmm)
def _(op: Matmul | Bmm, x: TensorType, other: TensorType) -> Lowered:
    return Lowered(None, call(f"torch.{op.name}", In(0), In(1)))


@lower.for_each(CosineSimilarity, PairwiseDistance)
def _(op: CosineSimilarity | PairwiseDistance, x1: TensorType, x2: TensorType) -> Lowered:
    given = fields(op, *type(op).model_fields)
    return Lowered(call(f"nn.{type(op).__name__}", **given), call(f"F.{op.name}", In(0), In(1), **given))


@lower.register
def _(op: Cdist, x1: TensorType, x2: TensorType) -> Lowered:
    return Lowered(None, call("torch.cdist", In(0), In(1), **fields(op, "p")))
