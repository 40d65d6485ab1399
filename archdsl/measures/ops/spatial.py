"""Places that are padded, moved and sampled."""

from collections.abc import Sequence
from typing import Any, Final

from archdsl.measures import fields
from archdsl.measures.elements import Sought, UnknownElementError, element
from archdsl.measures.memory import NOTHING, Kept, Placed, Sizes
from archdsl.measures.receptive import Reads
from archdsl.measures.rules import keeps, sees, views
from archdsl.ops.base import Number
from archdsl.ops.spatial import ChannelShuffle, GridSample, Pad, PixelShuffle, PixelUnshuffle
from archdsl.shapes import TensorType, evaluate

MIRRORING: Final = ("reflect", "replicate")
"""The modes of padding whose gradient asks for the input."""


@sees.register
def _(op: Pad, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    before = [0] * len(x.dims)
    for i, places in enumerate(op.pad[::2], start=1):
        before[-i] = evaluate(places, {})
    return (fields.windowed(x, 0, [Reads(1, (range(-places, 1 - places),)) for places in before], made[0]),)


@keeps.register
def _(op: Pad, made: Sequence[TensorType], x: Placed) -> Kept:
    """The input, where its own places are what it is padded with."""
    return Kept((0,)) if op.mode in MIRRORING and any(op.pad) else NOTHING


@views.register
def _(op: Pad, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    """Padded by nothing it is the input."""
    return None if any(op.pad) else (x.strides,)


@sees.register
def _(op: PixelShuffle, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    *batch, channels, height, width = x.shape
    r = op.upscale_factor
    split = fields.regrouped(x, (*batch, channels // r**2, r, r, height, width))
    at = len(batch)
    order = (*range(at), at, at + 3, at + 1, at + 4, at + 2)
    rows = fields.interleaved(fields.permuted(split, order), at + 1)
    return (fields.interleaved(rows, at + 2),)


@sees.register
def _(op: PixelUnshuffle, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    *batch, channels, height, width = made[0]
    r = op.downscale_factor
    split = fields.regrouped(x, (*batch, channels // r**2, height, r, width, r))
    at = len(batch)
    order = (*range(at), at, at + 2, at + 4, at + 1, at + 3)
    return (fields.regrouped(fields.permuted(split, order), made[0]),)


@sees.register
def _(op: ChannelShuffle, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
    batch, channels, *places = made[0]
    split = fields.regrouped(x, (batch, op.groups, channels // op.groups, *places))
    order = (0, 2, 1, *range(3, len(places) + 3))
    return (fields.regrouped(fields.permuted(split, order), made[0]),)


keeps.register(GridSample, lambda *_: Kept((0, 1)))


@sees.register
def _(op: GridSample, made: Sequence[Sizes], *inputs: Any) -> tuple[fields.Field, ...]:
    """It reads wherever the grid says."""
    return (fields.everything(made[0], inputs),)


@element.register
def _(op: Pad, at: Sought) -> Number:
    if op.mode != "constant":
        raise UnknownElementError
    place = list(at.place)
    for i, before in enumerate(op.pad[::2], start=1):
        place[-i] -= evaluate(before, {})
        if not 0 <= place[-i] < at.given[0][-i]:
            return op.value or 0.0
    return at.read(0, tuple(place))
