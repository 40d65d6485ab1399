"""Tables of vectors."""

from collections.abc import Sequence
from typing import Any

from archdsl.measures import fields
from archdsl.measures.memory import Kept, Placed, Sizes, elements
from archdsl.measures.rules import keeps, sees
from archdsl.ops.embedding import Embedding, EmbeddingBag
from archdsl.shapes import TensorType

keeps.register(Embedding, lambda *_: Kept((0,)))  # the numbers of the rows


@sees.register
def _(op: Embedding, made: Sequence[Sizes], x: fields.Field, *weight: Any) -> tuple[fields.Field, ...]:
    return (fields.together((*x.dims, fields.plain(made[0][-1])), x, *weight),)


@keeps.register
def _(
    op: EmbeddingBag, made: Sequence[TensorType], x: Placed, weight: Placed | None = None, weights: Placed | None = None
) -> Kept:
    """The numbers of the rows and where each list begins, how many rows count in it and which were the largest; but for
    a plain sum also of which list each row is; what is weighted and by what, each for the other's gradient."""
    lists, rows = x.shape
    largest = lists * made[0].shape[1] if op.mode == "max" else lists
    plain = op.mode == "sum" and op.padding_idx is None
    counted = elements((2 * lists + largest + (0 if plain else lists * rows + 1),), x.dtype)
    return Kept((0,) if weights is None else (0, 1, 2), more=(counted,))


@sees.register
def _(op: EmbeddingBag, made: Sequence[Sizes], x: fields.Field, *others: Any) -> tuple[fields.Field, ...]:
    read = [fields.contracted(each, 1, made[0][1]) for each in (x, *others[1:]) if each is not None]
    return (fields.with_weights(fields.elementwise(made[0], read), others[:1]),)
