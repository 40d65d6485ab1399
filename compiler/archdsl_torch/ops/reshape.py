"""The torch half of `archdsl.ops.reshape`."""

from archdsl.ops import reshape as ops
from archdsl.ops.base import Op
from archdsl.ops.rules import listed
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering.base import Lowered, as_method, call, fields, lower, method
from archdsl_torch.lowering.tree import Arg, Code, In

X = In(0)


@lower.register
def _(op: ops.Flatten, x: TensorType) -> Lowered:
    module = call("nn.Flatten", **fields(op, "start_dim", "end_dim"))
    ends = () if op.end_dim == -1 else (Arg(op.end_dim, "end_dim"),)
    return Lowered(module, method(X, "flatten", Arg(op.start_dim, "start_dim"), *ends))


@lower.register
def _(op: ops.Unflatten, x: TensorType) -> Lowered:
    args = Arg(op.dim, "dim"), Arg(op.unflattened_size, "unflattened_size")
    fixed = not any(isinstance(size, Symbolic) for size in op.unflattened_size)
    module = call("nn.Unflatten", *args) if fixed else None
    return Lowered(module, method(X, "unflatten", *args))


@lower.for_each(ops.Reshape, ops.Permute, ops.Transpose, ops.Unsqueeze, ops.Flip)
def _(op: Op, x: TensorType) -> Lowered:
    return as_method(op)


@lower.register
def _(op: ops.Squeeze, x: TensorType) -> Lowered:
    if op.dim is not None:
        return Lowered(None, method(X, "squeeze", Arg(op.dim, "dim")))
    # torch's bare `squeeze()` would take a batch of one away too
    removed = op.removed(x)
    return Lowered(None, method(X, "squeeze", Arg(removed)) if removed else X)


@lower.register
def _(op: ops.Roll, x: TensorType) -> Lowered:
    if not any(listed(op.shifts)):
        return Lowered(None, X)
    function = call("torch.roll", X, shifts=Arg(op.shifts, "shifts"), **fields(op, "dims"))
    return Lowered(None, function)


@lower.for_each(ops.Tril, ops.Triu)
def _(op: ops.Tril | ops.Triu, x: TensorType) -> Lowered:
    diagonal: tuple[Code, ...] = (Arg(op.diagonal, "diagonal"),) if op.diagonal else ()
    return Lowered(None, method(X, op.name, *diagonal))
