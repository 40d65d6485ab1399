"""The torch half of `archdsl.ops.spatial`."""

from archdsl.ops.spatial import AffineGrid, ChannelShuffle, GridSample, Pad, PixelShuffle, PixelUnshuffle
from archdsl.shapes import Symbolic, TensorType
from archdsl_torch.lowering.base import Lowered, call, fields, lower
from archdsl_torch.lowering.tree import Arg, Call, Code, In

_PAD_MODULES = {"reflect": "nn.ReflectionPad", "replicate": "nn.ReplicationPad", "circular": "nn.CircularPad"}


@lower.register
def _(op: Pad, x: TensorType) -> Lowered:
    if not any(op.pad):
        return Lowered(None, In(0))
    function = call("F.pad", In(0), Arg(op.pad, "pad"), **fields(op, "mode", "value"))
    return Lowered(_pad_module(op, x), function)


def _pad_module(op: Pad, x: TensorType) -> Call | None:
    """torch's module for it, which pads all spatial dimensions of a batch by known numbers."""
    spatial = len(op.pad) // 2
    if spatial > 3 or x.rank != spatial + 2 or any(isinstance(pad, Symbolic) for pad in op.pad):
        return None
    pad = Arg(op.pad, "pad")
    if op.mode != "constant":
        return call(f"{_PAD_MODULES[op.mode]}{spatial}d", pad)
    if not op.value:
        return call(f"nn.ZeroPad{spatial}d", pad)
    return call(f"nn.ConstantPad{spatial}d", pad, Arg(op.value, "value"))


@lower.for_each(PixelShuffle, PixelUnshuffle, ChannelShuffle)
def _(op: PixelShuffle | PixelUnshuffle | ChannelShuffle, x: TensorType) -> Lowered:
    (field,) = type(op).model_fields
    factor = Arg(getattr(op, field), field)
    return Lowered(call(f"nn.{type(op).__name__}", factor), call(f"F.{op.name}", In(0), factor))


@lower.register
def _(op: GridSample, x: TensorType, grid: TensorType) -> Lowered:
    given = fields(op, "mode", "padding_mode") | _align(op)
    return Lowered(None, call("F.grid_sample", In(0), In(1), **given))


@lower.register
def _(op: AffineGrid, theta: TensorType) -> Lowered:
    return Lowered(None, call("F.affine_grid", In(0), Arg(op.size, "size"), **_align(op)))


def _align(op: GridSample | AffineGrid) -> dict[str, Code]:
    """Always said: torch warns where it is not."""
    return {"align_corners": Arg(op.align_corners, "align_corners")}
