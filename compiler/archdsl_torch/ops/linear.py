"""Linear layers: `nn.Linear(...)`, or `F.linear(...)` where the weight is fed."""

from archdsl.ops.linear import Bilinear, Identity, Linear
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fed, fields, lower
from archdsl_torch.lowering.tree import Arg, In


@lower.register
def _(op: Linear, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Lowered:
    if weight is not None:
        return Lowered(None, call("F.linear", In(0), In(1), **fed(("bias",), (x, weight, bias), start=2)))
    sizes = (Arg(x.shape[-1], "in_features"), Arg(op.out_features, "out_features"))
    return Lowered(call("nn.Linear", *sizes, **fields(op, "bias")), None)


@lower.register
def _(op: Bilinear, first: TensorType, second: TensorType) -> Lowered:
    sizes = (
        Arg(first.shape[-1], "in1_features"),
        Arg(second.shape[-1], "in2_features"),
        Arg(op.out_features, "out_features"),
    )
    return Lowered(call("nn.Bilinear", *sizes, **fields(op, "bias")), None)


@lower.register
def _(op: Identity, x: TensorType) -> Lowered:
    return Lowered(call("nn.Identity"), In(0))
