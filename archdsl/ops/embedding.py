"""Tables of vectors, read by whole numbers."""

from collections.abc import Mapping
from typing import Any, Literal, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import Kind, Op, OpError, Port, PositiveInt, Weight
from archdsl.ops.layers import agree, require_fields, require_shape
from archdsl.ops.parametrized import PARAMETRIZATION, Parametrized
from archdsl.ops.rules import require_float, require_integer, require_rank, require_same_dtype
from archdsl.shapes import Dim, Shape, TensorType


class Lookup(Op):
    """An op that reads rows of a table, which it owns or is fed."""

    kind = Kind.EMBEDDING

    num_embeddings: PositiveInt | None = Field(None, description="rows of the table; required unless a weight is fed")
    embedding_dim: PositiveInt | None = Field(None, description="length of a row; required unless a weight is fed")
    padding_idx: int | None = None
    parametrization: Parametrized = PARAMETRIZATION

    def row(self, x: TensorType, weight: TensorType | None) -> TensorType:
        """The type of one row. Raises OpError."""
        rows, length = self._table(weight)
        if self.padding_idx is not None and isinstance(rows, int) and not -rows <= self.padding_idx < rows:
            raise OpError(
                f"{self.name} has {rows} rows, so padding_idx cannot be {self.padding_idx}",
                code=Code.BAD_VALUE,
                field="padding_idx",
            )
        require_integer("input", x)
        return TensorType((length,), weight.dtype if weight is not None else "float32")

    def tensors(self, x: TensorType, weight: TensorType | None = None, *others: Any) -> Mapping[str, Weight]:
        return {} if weight is not None else {"weight": Weight(self._table(None))}

    def indexed(self, x: TensorType, weight: TensorType | None = None, *others: Any) -> Mapping[int, Dim]:
        return {0: self._table(weight)[0]}

    def _table(self, weight: TensorType | None) -> tuple[Dim, Dim]:
        if weight is None:
            rows, length = require_fields(self, "num_embeddings", "embedding_dim")
            return rows, length
        require_rank("weight", weight, 2)
        shape: Shape = weight.shape
        agree(self, "num_embeddings", shape[0])
        agree(self, "embedding_dim", shape[1])
        return shape[0], shape[1]


@final
class Embedding(Lookup):
    """A row of a table for each number: `torch.nn.Embedding`, or its function with a weight fed."""

    name = "embedding"
    ports = (Port("input"), Port("weight", optional=True))

    padding_idx: int | None = Field(None, description="a row that starts as zeros and is not trained")

    def infer(self, x: TensorType, weight: TensorType | None = None) -> TensorType:
        row = self.row(x, weight)
        return row.with_shape((*x.shape, *row.shape))


@final
class EmbeddingBag(Lookup):
    """The sum, mean or maximum of rows of a table, for each list of numbers of (N, L): `torch.nn.EmbeddingBag`.

    With a weight fed its function. `per_sample_weights`, (N, L) as the input, multiply the rows of a sum.
    """

    name = "embedding_bag"
    ports = (Port("input"), Port("weight", optional=True), Port("per_sample_weights", optional=True))

    mode: Literal["sum", "mean", "max"] = Field("mean", description="what is made of a list's rows")
    padding_idx: int | None = Field(None, description="a row that does not count, starts as zeros and is not trained")

    def infer(
        self, x: TensorType, weight: TensorType | None = None, per_sample_weights: TensorType | None = None
    ) -> TensorType:
        self._check_mode(per_sample_weights)
        row = self.row(x, weight)
        require_rank("input", x, 2)
        require_float("weight", row, "look up")
        if per_sample_weights is not None:
            require_same_dtype(("weight", "per_sample_weights"), row, per_sample_weights)
            require_shape(self.name, "per_sample_weights", per_sample_weights, x.shape)
        return row.with_shape((x.shape[0], *row.shape))

    def _check_mode(self, weights: TensorType | None) -> None:
        if weights is not None and self.mode != "sum":
            raise OpError(
                f"{self.name} with `mode: {self.mode}` takes no per_sample_weights",
                code=Code.BAD_VALUE,
                ports=("per_sample_weights",),
                field="mode",
                hint="they multiply the rows of a sum: write `mode: sum`",
            )
