"""The torch half of `archdsl.ops.reduce`."""

from __future__ import annotations

from archdsl.ops.reduce import (
    Extreme,
    ExtremePlace,
    Logsumexp,
    Norm,
    Normalize,
    Prod,
    Reduction,
    Running,
    Sort,
    Std,
    Topk,
    Var,
)
from archdsl.ops.rules import FLOATS, listed
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower, method
from archdsl_torch.lowering.tree import Arg, Code, Fixed, In, Like

X = In(0)


@lower.register(Reduction)
@lower.register(Prod)
@lower.register(Extreme)
@lower.register(ExtremePlace)
def _(op: Reduction | Prod | Extreme | ExtremePlace, x: TensorType) -> Lowered:
    return Lowered(None, method(X, op.name, **fields(op, "dim", "keepdim")))


@lower.register(Var)
@lower.register(Std)
def _(op: Var | Std, x: TensorType) -> Lowered:
    return Lowered(None, method(X, op.name, **fields(op, "dim", "correction", "keepdim")))


@lower.register
def _(op: Norm, x: TensorType) -> Lowered:
    order: dict[str, Code] = {} if op.p == 2 else {"ord": Arg(op.p, "p")}
    options = fields(op, "dim", "keepdim")
    if any(dim < 0 for dim in listed(op.dim)) and not op.keepdim:
        # torch 2.8 keeps, on the meta device and in an export, a dimension of one place that is counted from the end
        dims = tuple(range(x.rank)[dim] for dim in listed(op.dim))
        options["dim"] = Fixed(dims[0] if isinstance(op.dim, int) else dims)
    return Lowered(None, call("torch.linalg.vector_norm", X, **order, **options))


@lower.register
def _(op: Logsumexp, x: TensorType) -> Lowered:
    options = fields(op, "dim", "keepdim")
    if x.dtype in FLOATS:
        return Lowered(None, method(X, "logsumexp", **options))
    # of whole numbers torch makes one in its default dtype
    return Lowered(None, method(method(method(X, "double"), "logsumexp", **options), "to", Like("dtype")))


@lower.register
def _(op: Normalize, x: TensorType) -> Lowered:
    return Lowered(None, call("F.normalize", X, **fields(op, "p", "dim", "eps")))


@lower.register
def _(op: Running, x: TensorType) -> Lowered:
    return Lowered(None, method(X, op.name, **fields(op, "dim")))


@lower.register
def _(op: Topk, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "topk", Arg(op.k, "k"), **fields(op, "dim", "largest", "sorted")))


@lower.register
def _(op: Sort, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "sort", **fields(op, "stable", "dim", "descending")))
