"""Convolutions: `nn.Conv2d(...)`, or `F.conv2d(...)` where the weight is fed."""

from archdsl.ops.conv import Convolution, Direct, Transposed
from archdsl.ops.layers import required
from archdsl.shapes import Shape, TensorType
from archdsl_torch.lowering.base import Lowered, call, fed, lower
from archdsl_torch.lowering.tree import Arg, Call, Code, In, Method, Self
from archdsl_torch.ops.layers import Margins, layer_fields, padded_before


@lower.register
def _(op: Direct, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Lowered:
    if weight is None:
        return _layer(op, x)
    tensors = fed(("bias",), (x, weight, bias), start=2)
    function = f"F.conv{op.spatial}d"
    if op.padding_mode == "zeros" and not op.pads_apart:
        options = layer_fields(op, "stride", "dilation", "groups") | _padding(op)
        return Lowered(None, call(function, In(0), In(1), **tensors, **options))
    padded = _padded(op, x, op.margins(x.shape[2:], weight.shape[2:]), weight.shape[2:])
    options = layer_fields(op, "stride", "dilation", "groups")
    return Lowered(None, call(function, padded, In(1), **tensors, **options))


def _layer(op: Direct, x: TensorType) -> Lowered:
    """The module, which pads as it is told; its input is padded before where only its size tells by how much."""
    if not op.pads_apart:
        own = layer_fields(op, "dilation", "groups", "bias", "padding_mode")
        return Lowered(_module(op, "Conv", x, _padding(op) | own), None)
    kernel = required(op, "kernel_size")
    padded = _padded(op, x, op.margins(x.shape[2:], kernel), kernel)
    called = None if padded == In(0) else Method(Self(), "__call__", (padded,))
    return Lowered(_module(op, "Conv", x, layer_fields(op, "dilation", "groups", "bias")), None, called)


def _padding(op: Direct) -> dict[str, Code]:
    """`same_upper` is torch's own `same` at stride 1."""
    return {"padding": Arg("same", "padding")} if op.padding == "same_upper" else layer_fields(op, "padding")


def _padded(op: Direct, x: TensorType, margins: Margins, kernel: Shape) -> Code:
    mode: dict[str, Code] = {} if op.padding_mode == "zeros" else {"mode": Arg(op.padding_mode, "padding_mode")}
    return padded_before(In(0), x, margins, (kernel, op.stride, op.dilation), **mode)


@lower.register
def _(op: Transposed, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Lowered:
    if weight is None:
        own = layer_fields(op, "padding", "output_padding", "groups", "bias", "dilation")
        return Lowered(_module(op, "ConvTranspose", x, own), None)
    tensors = fed(("bias",), (x, weight, bias), start=2)
    options = layer_fields(op, "stride", "padding", "output_padding", "groups", "dilation")
    return Lowered(None, call(f"F.conv_transpose{op.spatial}d", In(0), In(1), **tensors, **options))


def _module(op: Convolution, family: str, x: TensorType, options: dict[str, Code]) -> Call:
    channels: tuple[Code, Code] = (Arg(x.shape[1], "in_channels"), Arg(op.out_channels, "out_channels"))
    return call(f"nn.{family}{op.spatial}d", *channels, **layer_fields(op, "kernel_size", "stride"), **options)
