"""The torch half of `archdsl.ops.reduce`."""

from __future__ import annotations

from archdsl.ops.reduce import (
    Cumsum,
    Extreme,
    ExtremePlace,
    Logsumexp,
    Norm,
    Normalize,
    Prod,
    Reduction,
    Sort,
    Std,
    Topk,
    Var,
)
from archdsl.shapes import TensorType
from archdsl_torch.lowering import Arg, Code, In, Lowered, call, fields, lower, method

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
    return Lowered(None, call("torch.linalg.vector_norm", X, **order, **fields(op, "dim", "keepdim")))


@lower.register
def _(op: Logsumexp, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "logsumexp", **fields(op, "dim", "keepdim")))


@lower.register
def _(op: Normalize, x: TensorType) -> Lowered:
    return Lowered(None, call("F.normalize", X, **fields(op, "p", "dim", "eps")))


@lower.register
def _(op: Cumsum, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "cumsum", **fields(op, "dim")))


@lower.register
def _(op: Topk, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "topk", Arg(op.k, "k"), **fields(op, "dim", "largest", "sorted")))


@lower.register
def _(op: Sort, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "sort", **fields(op, "stable", "dim", "descending")))
