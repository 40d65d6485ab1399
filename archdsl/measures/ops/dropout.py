"""Dropout: a view in evaluation, a mask in training."""

from collections.abc import Sequence

from archdsl.measures.memory import NOTHING, Kept, Placed, Sizes, elements
from archdsl.measures.rules import keeps, views
from archdsl.ops.dropout import AnyDropout, ChannelDropout, FeatureAlphaDropout, Passing, StochasticDepth
from archdsl.shapes import TensorType


@views.register
def _(op: Passing, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...] | None:
    return None if training and op.p else (x.strides,)


@keeps.register
def _(op: AnyDropout, made: Sequence[TensorType], x: Placed) -> Kept:
    """A number for each element."""
    return Kept(more=(x.type,)) if op.p else NOTHING


@keeps.for_each(ChannelDropout, FeatureAlphaDropout)
def _(op: ChannelDropout | FeatureAlphaDropout, made: Sequence[TensorType], x: Placed) -> Kept:
    """A number for each channel."""
    return Kept(more=(elements(x.shape[:2], x.dtype),)) if op.p else NOTHING


@keeps.register
def _(op: StochasticDepth, made: Sequence[TensorType], x: Placed) -> Kept:
    """A number for each sample, or for all."""
    drawn = elements(x.shape[:1] if op.mode == "row" else (), x.dtype)
    return Kept(more=(drawn,)) if op.p else NOTHING
