"""Attention: each query sees all keys and values."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, elements
from archdsl.measures.ops.contract import batches
from archdsl.measures.rules import keeps, scratch, sees
from archdsl.ops.attention import MultiheadAttention, ScaledDotProductAttention
from archdsl.ops.base import Op
from archdsl.shapes import TensorType


@keeps.register
def _(op: ScaledDotProductAttention, made: Sequence[TensorType], *inputs: Any) -> Kept:
    """Query, key, value, the output and a number for each row, as fused attention does.

    Step by step, where weights are dropped or the mask is learned: query and key, scaled, and the weights.
    """
    query, key, value, mask = (*inputs, None)[:4]
    if op.dropout_p or (mask is not None and mask.learned):
        weights = (*made[0].shape[:-1], key.shape[-2])
        dropped = (elements(weights, query.dtype),) * 2 if op.dropout_p else ()
        copied = () if batches(value, value.shape[:-2]) else (value.type,)
        steps = (query.type, key.type, *copied, elements(weights, query.dtype), *dropped)
        return Kept(() if copied else (2,), more=steps)
    masked = (3,) if mask is not None and mask.dtype != "bool" else ()
    rows = elements(made[0].shape[:-1])
    return Kept((0, 1, 2, *masked), (0,), (rows, *scratch(op, made, *inputs)))


@scratch.register
def _(op: ScaledDotProductAttention, made: Sequence[TensorType], *inputs: Any) -> tuple[TensorType, ...]:
    """A boolean mask as numbers to add."""
    query, mask = inputs[0], (*inputs, None)[3]
    return (elements(mask.shape, query.dtype),) if mask is not None and mask.dtype == "bool" else ()


@scratch.register
def _(
    op: MultiheadAttention, made: Sequence[TensorType], query: Placed, key: Placed, *rest: Any
) -> tuple[TensorType, ...]:
    """The projected query, key and value, and the heads side by side."""
    projected = elements((*key.shape[:2], query.shape[2]), query.dtype)
    return query.type, projected, projected, query.type


@keeps.register
def _(op: MultiheadAttention, made: Sequence[TensorType], query: Placed, key: Placed, *rest: Any) -> Kept:
    """The inputs, their projections and the heads; of the weights, which torch computes in three ways, what it needs.

    With dropout they are kept three times, with a learned mask once; else a number for each row is, and the mask.
    """
    rows = (query.shape[0], op.num_heads, query.shape[1])
    weights = elements((*rows, key.shape[1]), query.dtype)
    kept: tuple[TensorType, ...] = (elements(rows), *_masks(op, query, key, *rest))
    if op.dropout or any(mask is not None and mask.learned for mask in rest[1:]):
        kept = (weights,) * (3 if op.dropout else 1)
    return Kept((0, 1, 2), more=(*scratch(op, made, query, key), *kept))


def _masks(op: MultiheadAttention, query: Placed, key: Placed, *rest: Placed | None) -> tuple[TensorType, ...]:
    _, padding, mask = (*rest, None, None)[:3]
    if padding is None or mask is None:
        return tuple(elements(sole.shape, query.dtype) for sole in (padding, mask) if sole is not None)
    heads = op.num_heads if len(mask.shape) == 3 else 1
    return (elements((query.shape[0], heads, query.shape[1], key.shape[1]), query.dtype),)


@sees.for_each(ScaledDotProductAttention, MultiheadAttention)
def _(
    op: Op, made: Sequence[Sizes], query: fields.Field, key: fields.Field, value: fields.Field, *masks: Any
) -> tuple[fields.Field, ...]:
    """Each query sees all keys and values, and whatever masks them."""
    read = (fields.mixed(x, (-2, -1)) for x in (key, value))
    dims = (*query.dims[:-1], fields.plain(made[0][-1]))
    return (fields.with_weights(fields.together(dims, fields.mixed(query, (-1,)), *read), masks),)
