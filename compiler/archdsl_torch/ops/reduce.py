"""The torch half of `archdsl.ops.reduce`."""

from archdsl.ops import reduce as ops
from archdsl.ops.base import Op
from archdsl.ops.rules import FLOATS, listed
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, as_method, call, fields, lower, method
from archdsl_torch.lowering.tree import Arg, Code, Fixed, In, Like

X = In(0)


@lower.for_each(ops.Reduction, ops.Prod, ops.Extreme, ops.ExtremePlace, ops.Topk)
def _(op: Op, x: TensorType) -> Lowered:
    return as_method(op)


@lower.for_each(ops.Var, ops.Std)
def _(op: ops.Var | ops.Std, x: TensorType) -> Lowered:
    return Lowered(None, method(X, op.name, **fields(op, "dim", "correction", "keepdim")))


@lower.register
def _(op: ops.Norm, x: TensorType) -> Lowered:
    order: dict[str, Code] = {} if op.p == 2 else {"ord": Arg(op.p, "p")}
    options = fields(op, "dim", "keepdim")
    if any(dim < 0 for dim in listed(op.dim)) and not op.keepdim:
        # torch 2.8 keeps, on the meta device and in an export, a dimension of one place that is counted from the end
        dims = tuple(range(x.rank)[dim] for dim in listed(op.dim))
        options["dim"] = Fixed(dims[0] if isinstance(op.dim, int) else dims)
    return Lowered(None, call("torch.linalg.vector_norm", X, **order, **options))


@lower.register
def _(op: ops.Logsumexp, x: TensorType) -> Lowered:
    options = fields(op, "dim", "keepdim")
    if x.dtype in FLOATS:
        return Lowered(None, method(X, "logsumexp", **options))
    # of whole numbers torch makes one in its default dtype
    return Lowered(None, method(method(method(X, "double"), "logsumexp", **options), "to", Like("dtype")))


@lower.register
def _(op: ops.Normalize, x: TensorType) -> Lowered:
    return Lowered(None, call("F.normalize", X, **fields(op, "p", "dim", "eps")))


@lower.register
def _(op: ops.Running, x: TensorType) -> Lowered:
    return Lowered(None, method(X, op.name, **fields(op, "dim")))


@lower.register
def _(op: ops.Sort, x: TensorType) -> Lowered:
    return Lowered(None, method(X, "sort", **fields(op, "stable", "dim", "descending")))
