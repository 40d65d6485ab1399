"""Normalisation."""

from __future__ import annotations

from dataclasses import replace

from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid
from archdsl_torch.importing.tracing import TracedCall


@rule("layer_norm")
def _(call: TracedCall) -> Said:
    weight, bias = call.argument("weight"), call.argument("bias")
    fields = {"normalized_dims": len(call.argument("normalized_shape")), "eps": call.argument("eps")}
    fields |= {"elementwise_affine": weight is not None, "bias": bias is not None or weight is None}
    return layer(call, "layer_norm", fields)


@rule("rms_norm")
def _(call: TracedCall) -> Said:
    fields = {"normalized_dims": len(call.argument("normalized_shape")), "eps": call.argument("eps")}
    return layer(call, "rms_norm", {**fields, "elementwise_affine": call.argument("weight") is not None})


@rule("group_norm")
def _(call: TracedCall) -> Said:
    fields = {name: call.argument(name) for name in ("num_groups", "eps")}
    return layer(call, "group_norm", {**fields, "affine": call.argument("weight") is not None})


@rule("batch_norm")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    tracked = call.argument("running_mean") is not None
    if tracked and call.argument("training"):
        raise Unsaid("it takes the batch's statistics in evaluation mode, too")
    if tracked and call.argument("momentum") == 0:
        raise Unsaid("its momentum is None or 0, which looks the same in evaluation mode")
    kind = f"batch_norm{max(1, len(call.given[0].shape) - 2)}d"
    fields = {name: call.argument(name) for name in ("eps", "momentum")}
    fields |= {"affine": call.argument("weight") is not None, "track_running_stats": tracked}
    found = layer(call, kind, fields, "running_mean", "running_var")
    return replace(found, beside=("num_batches_tracked",) if tracked else ())
