"""Activations, of which one has weights."""

from __future__ import annotations

from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import called, rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall

called("_softmax", "softmax")
called("_log_softmax", "log_softmax")


@rule("prelu")
def _(call: TracedCall) -> Said:
    return layer(call, "prelu", {"num_parameters": call.argument("weight").shape[0]})
