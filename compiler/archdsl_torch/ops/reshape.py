"""The torch half of `archdsl.ops.reshape`."""

from __future__ import annotations

from archdsl.ops.reshape import (
    Flatten,
    Flip,
    Permute,
    Reshape,
    Roll,
    Squeeze,
    Transpose,
    Tril,
    Triu,
    Unflatten,
    Unsqueeze,
)
from archdsl.ops.rules import listed
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower, method
from archdsl_torch.lowering.tree import Arg, Code, In

X = In(0)


@lower.register
def _(op: Flatten, x: TensorType) -> Lowered:
    module = call("nn.Flatten", **fields(op, "start_dim", "end_dim"))
    ends = () if op.end_dim == -1 else (Arg(op.end_dim, "end_dim"),)
    return Lowered(module, method(X, "flatten", Arg(op.start_dim, "start_dim"), *ends))


@lower.register
def _(op: Unflatten, x: TensorType) -> Lowered:
    args = Arg(op.dim, "dim"), Arg(op.unflattened_size, "unflattened_size")
    fixed = not any(isinstance(size, Symbolic) for size in op.unflattened_size)
    module = call("nn.Unflatten", *args) if fixed else None
    return Lowered(module, method(X, "unflatten", *args))


@lower.register
def _(op: Reshape, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "reshape", Arg(op.shape, "shape")))


@lower.register
def _(op: Permute, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "permute", Arg(op.dims, "dims")))


@lower.register
def _(op: Transpose, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "transpose", Arg(op.dim0, "dim0"), Arg(op.dim1, "dim1")))


@lower.register
def _(op: Squeeze, x: TensorType) -> Lowered:
    if op.dim is not None:
        return Lowered(None, method(X, "squeeze", Arg(op.dim, "dim")))
    # torch's bare `squeeze()` would take a batch of one away too
    removed = op.removed(x)
    return Lowered(None, method(X, "squeeze", Arg(removed)) if removed else X)


@lower.register
def _(op: Unsqueeze, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "unsqueeze", Arg(op.dim, "dim")))


@lower.register
def _(op: Flip, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "flip", Arg(op.dims, "dims")))


@lower.register
def _(op: Roll, x: TensorType) -> Lowered:
    if not any(listed(op.shifts)):
        return Lowered(None, X)
    function = call("torch.roll", X, shifts=Arg(op.shifts, "shifts"), **fields(op, "dims"))
    return Lowered(None, function)


@lower.register(Tril)
@lower.register(Triu)
def _(op: Tril | Triu, x: TensorType) -> Lowered:
    diagonal: tuple[Code, ...] = (Arg(op.diagonal, "diagonal"),) if op.diagonal else ()
    return Lowered(None, method(X, op.name, *diagonal))
