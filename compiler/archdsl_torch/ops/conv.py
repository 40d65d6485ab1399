"""Convolutions: `nn.Conv2d(...)`, or `F.conv2d(...)` where the weight is fed."""

from __future__ import annotations

from archdsl.ops.conv import Convolution, Direct, Transposed
from archdsl.shapes import TensorType
from archdsl_torch.lowering import Arg, Call, Code, In, Lowered, call, fed, lower
from archdsl_torch.ops.layers import layer_fields


@lower.register
def _(op: Direct, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Lowered:
    if weight is None:
        return Lowered(_module(op, "Conv", x, "padding", "dilation", "groups", "bias", "padding_mode"), None)
    tensors = fed(("bias",), (x, weight, bias), start=2)
    function = f"F.conv{op.spatial}d"
    if op.padding_mode == "zeros":
        options = layer_fields(op, "stride", "padding", "dilation", "groups")
        return Lowered(None, call(function, In(0), In(1), **tensors, **options))
    # the innermost dimension comes first in F.pad
    margins = tuple(size for pair in reversed(op.margins(weight.shape[2:])) for size in pair)
    mode = Arg(op.padding_mode, "padding_mode")
    padded = call("F.pad", In(0), Arg(margins), mode=mode)
    options = layer_fields(op, "stride", "dilation", "groups")
    return Lowered(None, call(function, padded, In(1), **tensors, **options))


@lower.register
def _(op: Transposed, x: TensorType, weight: TensorType | None = None, bias: TensorType | None = None) -> Lowered:
    if weight is None:
        return Lowered(_module(op, "ConvTranspose", x, "padding", "output_padding", "groups", "bias", "dilation"), None)
    tensors = fed(("bias",), (x, weight, bias), start=2)
    options = layer_fields(op, "stride", "padding", "output_padding", "groups", "dilation")
    return Lowered(None, call(f"F.conv_transpose{op.spatial}d", In(0), In(1), **tensors, **options))


def _module(op: Convolution, family: str, x: TensorType, *names: str) -> Call:
    channels: tuple[Code, Code] = (
        Arg(x.shape[1], "in_channels"),
        Arg(op.out_channels, "out_channels"),
    )
    options = layer_fields(op, "kernel_size", "stride", *names)
    return call(f"nn.{family}{op.spatial}d", *channels, **options)
