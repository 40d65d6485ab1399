"""Products of tensors that sum over shared dimensions, and distances between vectors."""

from typing import Annotated, final

from pydantic import Field

from archdsl.ops.base import Kind, Op, OpError, Port
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
from archdsl.shapes import Dim, Shape, TensorType, differ, product


@final
class Matmul(Op):
    """Matrix product over the last two dimensions; those before them broadcast."""

    name = "matmul"
    kind = Kind.LINEAR
    fresh = True
    ports = (Port("input"), Port("other"))

    def infer(self, x: TensorType, other: TensorType) -> TensorType:
        batch, rows, _, columns = _factors(x, other)
        shape = (*batch, *rows, *columns)
        return TensorType(shape, x.dtype)

    def macs(self, x: TensorType, other: TensorType) -> Dim:
        batch, rows, depth, columns = _factors(x, other)
        return product((*batch, *rows, depth, *columns))


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


@final
class Bmm(Op):
    """Matrix products of two batches of equal size: (B, n, m) by (B, m, p)."""

    name = "bmm"
    kind = Kind.LINEAR
    fresh = True
    ports = (Port("input"), Port("mat2"))

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


@final
class CosineSimilarity(Op):
    """The cosine of the angle between vectors along a dimension, which goes; the rest broadcasts."""

    name = "cosine_similarity"
    kind = Kind.NORM
    fresh = True
    ports = (Port("x1"), Port("x2"))
    dim: Annotated[int, Field(description="the dimension of the vectors")] = 1
    eps: Annotated[float, Field(description="the least length that is divided by", gt=0)] = 1e-8

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        shape = broadcast_or_fail("compare", ("x1", "x2"), (x1.shape, x2.shape))
        common = TensorType(shape, promote(x1.dtype, x2.dtype))
        require_float("x1", common, "compare")
        (dim,) = normal_dims((self.dim,), common.rank, "dim")
        return common.with_shape(replaced(shape, dim))


@final
class PairwiseDistance(Op):
    """The p-norm of the difference of vectors along the last dimension, which goes; the rest broadcasts."""

    name = "pairwise_distance"
    kind = Kind.NORM
    ports = (Port("x1"), Port("x2"))
    p: Annotated[float, Field(description="which norm measures the distance")] = 2.0
    eps: Annotated[float, Field(description="added to each difference, so that no distance is 0")] = 1e-6
    keepdim: Annotated[bool, Field(description="keep the last dimension, with a size of 1")] = False

    def infer(self, x1: TensorType, x2: TensorType) -> TensorType:
        shape = broadcast_or_fail("measure the distance of", ("x1", "x2"), (x1.shape, x2.shape))
        common = TensorType(shape, promote(x1.dtype, x2.dtype))
        require_float("x1", common, "measure distances in")
        require_least_rank("x1", common, 1)
        return common.with_shape((*shape[:-1], 1) if self.keepdim else shape[:-1])


@final
class Cdist(Op):
    """Distances between every row of one tensor and every row of the other: (…, n, d), (…, m, d)."""

    name = "cdist"
    kind = Kind.NORM
    ports = (Port("x1"), Port("x2"))
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
