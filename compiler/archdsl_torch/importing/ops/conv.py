"""Convolutions, whose sizes are those of their weights."""

from __future__ import annotations

from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall


@rule(*(f"conv{transposed}{rank}d" for transposed in ("", "_transpose") for rank in (1, 2, 3)))
def _(call: TracedCall) -> Said:
    weight, groups = call.argument("weight"), call.argument("groups")
    given = ("stride", "padding", "output_padding", "dilation", "groups")
    fields = {
        "out_channels": weight.shape[1] * groups if "transpose" in call.name else weight.shape[0],
        "kernel_size": list(weight.shape[2:]),
        **{name: call.argument(name) for name in given if name in call.names},
        "bias": call.argument("bias") is not None,
    }
    return layer(call, call.name, fields)
