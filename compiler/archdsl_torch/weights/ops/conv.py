"""Convolutions: their channels are the first two dimensions, and kernels stay."""

from collections.abc import Mapping

from archdsl.ops.conv import Convolution
from archdsl_torch.weights.channels import Channels, channels_of, silencing


@channels_of.register
def _(op: Convolution) -> Mapping[str, Channels]:
    """Of groups only those of one channel each: in others a channel reads what stands beside it."""
    if op.groups != 1 and (op.transposed or op.out_channels != op.groups):
        return {}
    axes = Channels((0, 1), 0 if op.transposed else 1) if op.groups == 1 else Channels((0,))
    return {"weight": axes, "bias": Channels((0,))}


@silencing.register
def _(op: Convolution) -> tuple[str, ...]:
    return ("weight", "bias")
