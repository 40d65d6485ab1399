"""The torch half of `archdsl.ops.einsum`."""

from archdsl.ops.einsum import Einsum
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, lower
from archdsl_torch.lowering.tree import Arg, In


@lower.register
def _(op: Einsum, *operands: TensorType) -> Lowered:
    equation = Arg(op.equation, "equation")
    return Lowered(None, call("torch.einsum", equation, *(In(i) for i in range(len(operands)))))
