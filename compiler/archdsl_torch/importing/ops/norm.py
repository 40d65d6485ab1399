"""Normalisation."""

from __future__ import annotations

from dataclasses import replace

from archdsl.ops import OPS
from archdsl_torch.importing.ops.layers import layer
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Steps, Unsaid, between, short
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


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
def _(call: TracedCall) -> Said | Steps:
    weight, bias = call.argument("weight"), call.argument("bias")
    fields = {name: call.argument(name) for name in ("num_groups", "eps")}
    if weight is None or bias is not None:
        return layer(call, "group_norm", {**fields, "affine": weight is not None})
    plain = Said("group_norm", {"input": call.given[0]}, short(OPS["group_norm"], {**fields, "affine": False}))
    return _scaled(call, plain, weight, bias)


@rule("batch_norm")
def _(call: TracedCall) -> Said | Steps:
    """Raises Unsaid."""
    weight, bias = call.argument("weight"), call.argument("bias")
    tracked = call.argument("running_mean") is not None
    if tracked and (weight is None) != (bias is None):
        raise Unsaid("it has a weight without a bias, and the language's has both or none")
    if not tracked and weight is not None and (weight.owned is None or bias is None):
        plain = replace(call, given=(call.given[0], None, None, *call.given[3:]))
        return _scaled(call, _normalised(plain, tracked=False), weight, bias)
    if tracked and call.argument("training"):
        raise Unsaid("it takes the batch's statistics in evaluation mode, too")
    if tracked and call.argument("momentum") == 0:
        raise Unsaid("its momentum is None or 0, which looks the same in evaluation mode")
    return _normalised(call, tracked)


def _normalised(call: TracedCall, tracked: bool) -> Said:
    kind = f"batch_norm{max(1, len(call.given[0].shape) - 2)}d"
    fields = {name: call.argument(name) for name in ("eps", "momentum")}
    fields |= {"affine": call.argument("weight") is not None, "track_running_stats": tracked}
    found = layer(call, kind, fields, "running_mean", "running_var")
    return replace(found, beside=("num_batches_tracked",) if tracked else ())


def _scaled(call: TracedCall, plain: Said, weight: TracedTensor, bias: TracedTensor | None) -> Steps:
    """A normalisation, then a weight of each channel that is worked out or has no bias."""
    result, rest = call.gives[0], [1] * (len(call.gives[0].shape) - 2)
    normal, scale = between(result), between(weight, [-1, *rest])
    steps: Steps = [(plain, normal), (Said("reshape", {"input": weight}, {"shape": [*scale.shape]}), scale)]
    if bias is None:
        return [*steps, (Said(None, [normal, scale], formula="{0} * {1}"), result)]
    shift = between(bias, scale.shape)
    steps.append((Said("reshape", {"input": bias}, {"shape": [*shift.shape]}), shift))
    return [*steps, (Said(None, [normal, scale, shift], formula="{0} * {1} + {2}"), result)]
