"""Activations: `nn.ReLU()` or `F.relu(x)`, under torch's names."""

from typing import Final

from archdsl.ops import activation as ops
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, In

NAMES: Final[dict[type[ops.Activation], tuple[str, str]]] = {
    ops.Relu: ("nn.ReLU", "F.relu"),
    ops.Relu6: ("nn.ReLU6", "F.relu6"),
    ops.LeakyRelu: ("nn.LeakyReLU", "F.leaky_relu"),
    ops.Elu: ("nn.ELU", "F.elu"),
    ops.Celu: ("nn.CELU", "F.celu"),
    ops.Selu: ("nn.SELU", "F.selu"),
    ops.Gelu: ("nn.GELU", "F.gelu"),
    ops.Silu: ("nn.SiLU", "F.silu"),
    ops.Mish: ("nn.Mish", "F.mish"),
    ops.Hardswish: ("nn.Hardswish", "F.hardswish"),
    ops.Hardsigmoid: ("nn.Hardsigmoid", "F.hardsigmoid"),
    ops.Hardtanh: ("nn.Hardtanh", "F.hardtanh"),
    ops.Hardshrink: ("nn.Hardshrink", "F.hardshrink"),
    ops.Softshrink: ("nn.Softshrink", "F.softshrink"),
    ops.Tanhshrink: ("nn.Tanhshrink", "F.tanhshrink"),
    ops.Sigmoid: ("nn.Sigmoid", "torch.sigmoid"),
    ops.LogSigmoid: ("nn.LogSigmoid", "F.logsigmoid"),
    ops.Tanh: ("nn.Tanh", "torch.tanh"),
    ops.Softplus: ("nn.Softplus", "F.softplus"),
    ops.Softsign: ("nn.Softsign", "F.softsign"),
    ops.Glu: ("nn.GLU", "F.glu"),
    ops.Softmax: ("nn.Softmax", "F.softmax"),
    ops.Softmin: ("nn.Softmin", "F.softmin"),
    ops.LogSoftmax: ("nn.LogSoftmax", "F.log_softmax"),
    ops.Threshold: ("nn.Threshold", "F.threshold"),
}


@lower.register
def _(op: ops.Activation, x: TensorType) -> Lowered:
    module, function = NAMES[type(op)]
    options = fields(op, *type(op).model_fields)
    return Lowered(call(module, **options), call(function, In(0), **options))


@lower.register
def _(op: ops.Prelu, x: TensorType, weight: TensorType | None = None) -> Lowered:
    if weight is not None:
        return Lowered(None, call("F.prelu", In(0), In(1)))
    return Lowered(call("nn.PReLU", **fields(op, "num_parameters")), None)


@lower.register
def _(op: ops.Rrelu, x: TensorType) -> Lowered:
    # draws its slopes while training, so it must be a module
    return Lowered(call("nn.RReLU", **fields(op, "lower", "upper")), None)


@lower.register
def _(op: ops.Logit, x: TensorType) -> Lowered:
    return Lowered(None, call("torch.logit", In(0), **fields(op, "eps")))


@lower.register
def _(op: ops.Softmax2d, x: TensorType) -> Lowered:
    return Lowered(call("nn.Softmax2d"), call("F.softmax", In(0), dim=Arg(1)))
