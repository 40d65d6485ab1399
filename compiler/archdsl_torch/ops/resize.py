"""The torch half of `archdsl.ops.resize`."""

from archdsl.ops.resize import Fold, Interpolate, Unfold
from archdsl.ops.rules import listed
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, In
from archdsl_torch.ops.layers import layer_field, layer_fields


@lower.register
def _(op: Interpolate, x: TensorType) -> Lowered:
    given = fields(op, "size", "scale_factor", "mode", "align_corners", "recompute_scale_factor")
    function = call("F.interpolate", In(0), **given, **fields(op, "antialias"))
    fixed = not any(isinstance(size, Symbolic) for size in listed(op.size))
    return Lowered(call("nn.Upsample", **given) if fixed and not op.antialias else None, function)


@lower.register
def _(op: Unfold, x: TensorType) -> Lowered:
    kernel = layer_field(op, "kernel_size")
    given = layer_fields(op, "dilation", "padding", "stride")
    return Lowered(call("nn.Unfold", kernel, **given), call("F.unfold", In(0), kernel, **given))


@lower.register
def _(op: Fold, x: TensorType) -> Lowered:
    sizes = Arg(op.output_size, "output_size"), layer_field(op, "kernel_size")
    given = layer_fields(op, "dilation", "padding", "stride")
    fixed = not any(isinstance(size, Symbolic) for size in listed(op.output_size))
    module = call("nn.Fold", *sizes, **given) if fixed else None
    return Lowered(module, call("F.fold", In(0), *sizes, **given))
