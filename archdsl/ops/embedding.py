"""Tables of vectors, read by whole numbers."""

from collections.abc import Mapping, Sequence
from typing import Any, final

from pydantic import Field

from archdsl.ops import fields
from archdsl.ops.base import Kind, Op, OpError, Port, PositiveInt, Weight
from archdsl.ops.layers import agree, require_fields, required
from archdsl.ops.memory import Kept, Sizes
from archdsl.ops.rules import require_integer, require_rank
from archdsl.shapes import Dim, Shape, TensorType


@final
class Embedding(Op):
    """A row of a table for each number: `torch.nn.Embedding`, or its function with a weight fed."""

    name = "embedding"
    aliases = ("embedding_lookup", "lookup_table")
    kind = Kind.EMBEDDING
    ports = (Port("input"), Port("weight", optional=True))

    num_embeddings: PositiveInt | None = Field(None, description="rows of the table; required unless a weight is fed")
    embedding_dim: PositiveInt | None = Field(None, description="length of a row; required unless a weight is fed")
    padding_idx: int | None = Field(None, description="a row that starts as zeros and is not trained")

    def infer(self, x: TensorType, weight: TensorType | None = None) -> TensorType:
        require_integer("input", x)
        rows, length = self._table(weight)
        if self.padding_idx is not None and isinstance(rows, int) and not -rows <= self.padding_idx < rows:
            raise OpError(
                f"embedding has {rows} rows, so padding_idx cannot be {self.padding_idx}",
                code="bad-value",
                field="padding_idx",
            )
        dtype = weight.dtype if weight is not None else "float32"
        return TensorType((*x.shape, length), dtype)

    def tensors(self, x: TensorType, weight: TensorType | None = None) -> Mapping[str, Weight]:
        return {} if weight is not None else {"weight": Weight(self._table(None))}

    def keeps(self, made: Sequence[TensorType], *inputs: Any) -> Kept:
        """The numbers of the rows."""
        return Kept((0,))

    def field(self, made: Sequence[Sizes], x: fields.Field, *weight: Any) -> tuple[fields.Field, ...]:
        return (fields.together((*x.dims, fields.plain(made[0][-1])), x, *weight),)

    def _table(self, weight: TensorType | None) -> tuple[Dim, Dim]:
        if weight is None:
            require_fields(self, "num_embeddings", "embedding_dim")
            rows: int = required(self, "num_embeddings")
            length: int = required(self, "embedding_dim")
            return rows, length
        require_rank("weight", weight, 2)
        shape: Shape = weight.shape
        agree(self, "num_embeddings", shape[0])
        agree(self, "embedding_dim", shape[1])
        return shape[0], shape[1]


EMBEDDING = (Embedding,)
