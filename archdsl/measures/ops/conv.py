"""Convolutions."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, padded
from archdsl.measures.ops.spatial import MIRRORING
from archdsl.measures.receptive import Reads, sliding, spread
from archdsl.measures.rules import keeps, scratch, sees
from archdsl.ops.conv import Convolution, Direct, Transposed
from archdsl.ops.layers import required
from archdsl.shapes import TensorType, evaluate


@keeps.register
def _(op: Convolution, made: Sequence[TensorType], x: Placed, weight: Placed | None = None, *bias: Any) -> Kept:
    """What is multiplied: the input, and a weight that is fed; what is padded apart, what that makes of it."""
    weights = (1,) if weight is not None and x.learned else ()
    apart = scratch(op, made, x, weight)
    read = () if isinstance(op, Direct) and apart and op.padding_mode not in MIRRORING else (0,)
    return Kept((*read, *weights), more=apart)


@scratch.register
def _(
    op: Direct, made: Sequence[TensorType], x: Placed, weight: Placed | None = None, *bias: Any
) -> tuple[TensorType, ...]:
    """The padded input. Zeros are padded by the kernel itself, but for what `same` puts on one side alone, and for what
    is padded before, by numbers that follow from the size."""
    kernel = weight.shape[2:] if weight is not None else required(op, "kernel_size")
    margins = op.margins(x.shape[2:], kernel)
    within = op.padding_mode == "zeros" and not op.pads_apart
    if within:
        margins = tuple((0, after - before) for before, after in margins)
    # torch's layer copies what it pads by nothing in another mode
    copies = not within and not op.pads_apart and weight is None
    if not copies and not any(evaluate(after, {}) for _, after in margins):
        return ()
    return (padded(x, margins),)


@sees.register
def _(op: Direct, made: Sequence[Sizes], x: fields.Field, *weights: fields.Field | None) -> tuple[fields.Field, ...]:
    kernel = _kernel(op, weights)
    before = (evaluate(margin[0], {}) for margin in op.margins(x.shape[2:], kernel))
    reads = [sliding(*each) for each in zip(kernel, op.stride, op.dilation, before, strict=True)]
    return _convolved(op, made[0], x, weights, reads)


@sees.register
def _(
    op: Transposed, made: Sequence[Sizes], x: fields.Field, *weights: fields.Field | None
) -> tuple[fields.Field, ...]:
    kernel = _kernel(op, weights)
    reads = [spread(*each) for each in zip(kernel, op.stride, op.dilation, op.padding, strict=True)]
    return _convolved(op, made[0], x, weights, reads)


def _kernel(op: Convolution, weights: Sequence[fields.Field | None]) -> Sizes:
    kernel: Sizes = weights[0].shape[2:] if weights and weights[0] is not None else required(op, "kernel_size")
    return kernel


def _convolved(
    op: Convolution,
    shape: Sizes,
    x: fields.Field,
    weights: Sequence[fields.Field | None],
    reads: Sequence[Reads | None],
) -> tuple[fields.Field, ...]:
    channels = fields.grouped(x, op.groups, shape[1])
    return (fields.with_weights(fields.windowed(channels, 2, reads, shape[2:]), weights),)
