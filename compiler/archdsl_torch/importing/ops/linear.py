"""Matrix layers."""

from __future__ import annotations

from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall


@rule("linear")
def _(call: TracedCall) -> Said:
    fields = {"out_features": call.argument("weight").shape[0], "bias": call.argument("bias") is not None}
    return layer(call, "linear", fields)
