"""Products of tensors that sum over shared dimensions, and distances between vectors."""

from collections.abc import Sequence
from math import prod
from typing import Annotated, ClassVar, final

from pydantic import Field

from archdsl.ops import fields
from archdsl.ops.base import Kind, Op, OpError, Port
from archdsl.ops.memory import Kept, Placed, Sizes, reshaped
from archdsl.ops.rules import (
    broadcast_or_fail,
    normal_dims,
    promote,
    replaced,
    require_float,
    require_least_rank,
    require_rank,
    require_same_dtype,
)
from archdsl.shapes import Dim, Shape, TensorType, differ, evaluate, product


@final
class Matmul(Op):
    """Matrix product over the last two dimensions; those before them broadcast."""

    name: ClassVar[str] = "matmul"
    aliases: ClassVar[tuple[str, ...]] = ("dot", "mm")
    kind: ClassVar[Kind] = Kind.LINEAR
    fresh: ClassVar[bool] = True
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("other"))

    def infer(self, x: TensorType, other: TensorType) -> TensorType:
        batch, rows, _, columns = _factors(x, other)
        shape = (*batch, *rows, *columns)
        return TensorType(shape, x.dtype)

    def macs(self, x: TensorType, other: TensorType) -> Dim:
        batch, rows, depth, columns = _factors(x, other)
        return product((*batch, *rows, depth, *columns))

    def keeps(self, made: Sequence[TensorType], x: Placed, other: Placed) -> Kept:
        batch = made[0].shape[: -2 if len(other.shape) > 1 else -1]
        return factors_kept((x, other), tuple(evaluate(size, {}) for size in batch))

    def field(self, made: Sequence[Sizes], x: fields.Field, other: fields.Field) -> tuple[fields.Field, ...]:
        return (fields.product(made[0], x, other),)


def _factors(x: TensorType, other: TensorType) -> tuple[Shape, Shape, Dim, Shape]:
    """Batch dimensions, rows, summed dimension and columns; a vector has no rows or no columns."""
    require_least_rank("input", x, 1)
    require_least_rank("other", other, 1)
    require_same_dtype(("input", "other"), x, other)
    depth, second = x.shape[-1], other.shape[-2:][0]
    if differ(depth, second):
        place = "first" if other.rank == 1 else "second to last"
        raise OpError(
            f"cannot multiply {x} by {other}: the last dimension is {depth}, the other's {place} {second}",
            ports=("input", "other"),
        )
    ports = ("input", "other")
    batch = broadcast_or_fail("broadcast the batches", ports, (x.shape[:-2], other.shape[:-2]))
    return batch, x.shape[-2:-1], depth, other.shape[-1:] if other.rank > 1 else ()


def factors_kept(factors: Sequence[Placed], batch: Sizes | None = None) -> Kept:
    """Each factor that the gradient of another one needs; a copy where `batch` cannot be made one dimension."""
    inputs, copies = [], []
    for i, x in enumerate(factors):
        if not any(other.learned for j, other in enumerate(factors) if j != i):
            continue
        if batch is None or len(batch) < 2 or len(x.shape) < 3 or batches(x, batch):
            inputs.append(i)
        else:
            copies.append(TensorType((*batch, *x.shape[-2:]), x.dtype))
    return Kept(tuple(inputs), more=tuple(copies))


def batches(x: Placed, batch: Sizes) -> bool:
    """Whether a stack of matrices can be broadcast to `batch` and read as one row of them, without a copy."""
    missing = len(batch) + 2 - len(x.shape)
    shape = (*batch, *x.shape[-2:])
    strides = [0] * missing + [s if n > 1 else 0 for n, s in zip(x.shape, x.strides, strict=True)]
    strides[-2:] = x.strides[-2:]
    return reshaped(Placed(shape, x.dtype, tuple(strides), x.learned), (prod(batch), *shape[-2:])) is not None


@final
class Bmm(Op):
    """Matrix products of two batches of equal size: (B, n, m) by (B, m, p)."""

    name: ClassVar[str] = "bmm"
    aliases: ClassVar[tuple[str, ...]] = ("batch_matmul", "batch_dot")
    kind: ClassVar[Kind] = Kind.LINEAR
    fresh: ClassVar[bool] = True
    ports: ClassVar[tuple[Port, ...]] = (Port("input"), Port("mat2"))

    def infer(self, x: TensorType, mat2: TensorType) -> TensorType:
        require_rank("input", x, 3)
        require_rank("mat2", mat2, 3)
        require_same_dtype(("input", "mat2"), x, mat2)
        for what, left, right in (
            ("the batches are", x.shape[0], mat2.shape[0]),
            ("the summed dimensions are", x.shape[2], mat2.shape[1]),
        ):
            if differ(left, right):
                message = f"cannot multiply {x} by {mat2}: {what} {left} and {right}"
                raise OpError(message, ports=("input", "mat2"))
        return x.with_shape((*x.shape[:2], mat2.shape[2]))

    def macs(self, x: TensorType, mat2: TensorType) -> Dim:
        return x.size * mat2.shape[2]

    def keeps(self, made: Sequence[TensorType], x: Placed, mat2: Placed) -> Kept:
        return factors_kept((x, mat2))

    def field(self, made: Sequence[Sizes], x: fields.Field, mat2: fields.Field) -> tuple[fields.Field, ...]:
        return (fields.product(made[0], x, mat2),)


@final
class CosineSimilarity(Op):
    """The cosine of the angle between vectors along a dimension, which goes; the rest broadcasts."""

    name: ClassVar[str] = "cosine_similarity"
    kind: ClassVar[Kind] = Kind.NORM
    fresh: ClassVar[bool] = True
    ports: ClassVar[tuple[Port, ...]] = (Port("x1"), Port("x2"))
    dim: Annotated[int, Field(description="the dimension of the vectors")] = 1
    eps: Annotated[float, Field(description="the least length that is divided by", gt=0)] = 1e-8

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        shape = broadcast_or_fail("compare", ("x1", "x2"), (x1.shape, x2.shape))
        common = TensorType(shape, promote(x1.dtype, x2.dtype))
        require_float("x1", common, "compare")
        (dim,) = normal_dims((self.dim,), common.rank, "dim")
        return common.with_shape(replaced(shape, dim))


@final
class Cdist(Op):
    """Distances between every row of one tensor and every row of the other: (…, n, d), (…, m, d)."""

    name: ClassVar[str] = "cdist"
    kind: ClassVar[Kind] = Kind.NORM
    ports: ClassVar[tuple[Port, ...]] = (Port("x1"), Port("x2"))
    p: Annotated[float, Field(description="which norm measures the distance", ge=0)] = 2.0

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        for port, x in (("x1", x1), ("x2", x2)):
            require_float(port, x, "measure distances in")
            require_least_rank(port, x, 2)
        require_same_dtype(("x1", "x2"), x1, x2)
        if differ(x1.shape[-1], x2.shape[-1]):
            message = f"cannot measure distances between rows of {x1.shape[-1]} and of {x2.shape[-1]}"
            raise OpError(message, ports=("x1", "x2"))
        batch = broadcast_or_fail("broadcast the batches", ("x1", "x2"), (x1.shape[:-2], x2.shape[:-2]))
        return x1.with_shape((*batch, x1.shape[-2], x2.shape[-2]))


CONTRACT = (Matmul, Bmm, CosineSimilarity, Cdist)
