"""The torch half of `archdsl.ops.einsum`."""

from __future__ import annotations

from archdsl.ops.einsum import Einsum
from archdsl.shapes import TensorType
from archdsl_torch.lowering import Arg, In, Lowered, call, lower


@lower.register
def _(op: Einsum, *operands: TensorType) -> Lowered:
    equation = Arg(op.equation, "equation")
    return Lowered(None, call("torch.einsum", equation, *(In(i) for i in range(len(operands)))))
