"""Normalisation: `nn.BatchNorm2d(...)`, or `F.layer_norm(...)` where it owns no tensors."""

from archdsl.ops.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, LocalResponseNorm, RmsNorm, RunningNorm
from archdsl.shapes import TensorType
from archdsl_torch.lowering.base import Lowered, call, fed, fields, lower
from archdsl_torch.lowering.tree import Arg, Call, Fixed, In
from archdsl_torch.ops.layers import static


@lower.register
def _(op: BatchNorm, x: TensorType) -> Lowered:
    if op.affine or op.track_running_stats:
        return Lowered(_running(op, x), None)
    statistics = Fixed(None), Fixed(None)
    function = call("F.batch_norm", In(0), *statistics, training=Fixed(True), **fields(op, "eps"))
    return Lowered(static(_running(op, x)), function)


@lower.register
def _(op: InstanceNorm, x: TensorType) -> Lowered:
    if op.affine or op.track_running_stats:
        return Lowered(_running(op, x), None)
    return Lowered(static(_running(op, x)), call("F.instance_norm", In(0), **fields(op, "momentum", "eps")))


def _running(op: RunningNorm, x: TensorType) -> Call:
    options = fields(op, "eps", "momentum", "affine", "track_running_stats")
    return call(f"nn.{type(op).__name__}", Arg(x.shape[1], "num_features"), **options)


@lower.for_each(LayerNorm, RmsNorm)
def _(op: LayerNorm | RmsNorm, x: TensorType, *weights: TensorType | None) -> Lowered:
    shape = x.shape[-op.normalized_dims :]
    tensors = fed(("weight", "bias"), (x, *weights), start=1)
    function = call(f"F.{op.name}", In(0), Arg(shape, "normalized_shape"), **tensors, **fields(op, "eps"))
    if any(weights):
        return Lowered(None, function)
    kind, own = ("nn.LayerNorm", ("bias",)) if isinstance(op, LayerNorm) else ("nn.RMSNorm", ())
    size = Arg(shape[0] if len(shape) == 1 else shape, "normalized_shape")
    module = call(kind, size, **fields(op, "eps", "elementwise_affine", *own))
    return Lowered(static(module), None if op.elementwise_affine else function)


@lower.register
def _(op: GroupNorm, x: TensorType) -> Lowered:
    groups = Arg(op.num_groups, "num_groups")
    module = call("nn.GroupNorm", groups, Arg(x.shape[1], "num_channels"), **fields(op, "eps", "affine"))
    function = None if op.affine else call("F.group_norm", In(0), groups, **fields(op, "eps"))
    return Lowered(static(module), function)


@lower.register
def _(op: LocalResponseNorm, x: TensorType) -> Lowered:
    size, options = Arg(op.size, "size"), fields(op, "alpha", "beta", "k")
    return Lowered(call("nn.LocalResponseNorm", size, **options), call("F.local_response_norm", In(0), size, **options))
