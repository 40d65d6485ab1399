"""The torch half of `archdsl.ops.combine`."""

from archdsl.ops.combine import Cat, Stack
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import In, Many


@lower.for_each(Cat, Stack)
def _(op: Cat | Stack, *tensors: TensorType) -> Lowered:
    operands = Many(tuple(In(i) for i in range(len(tensors))))
    return Lowered(None, call(f"torch.{op.name}", operands, **fields(op, "dim")))
