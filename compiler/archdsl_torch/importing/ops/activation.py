"""Activations, of which one has weights."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import called, plain, rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall

called("_softmax", "softmax")
called("_log_softmax", "log_softmax")


@rule("hardtanh")
def _(call: TracedCall) -> Said:
    """Between 0 and 6 it has a name of its own, by which torch does not call it."""
    relu6 = [call.argument(name) for name in ("min_val", "max_val")] == [0, 6]
    return Said("relu6", {"input": call.given[0]}) if relu6 else plain(call, OPS["hardtanh"])


@rule("prelu")
def _(call: TracedCall) -> Said:
    return layer(call, "prelu", {"num_parameters": call.argument("weight").shape[0]})
