"""Ops that change the shape and keep the elements in their order or only swap dimensions."""

from typing import Annotated, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import AnyDim, Dims, Ints, Kind, Moving, Op, OpError, normal_dim
from archdsl.ops.rules import (
    format_list,
    from_one_end,
    listed,
    normal_dims,
    require_distinct,
    require_free,
    require_least_rank,
    resolve_free,
)
from archdsl.shapes import TensorType, format_shape, product


class Regroup(Moving):
    """An op that splits and merges dimensions, and leaves the elements in their order."""

    silent = True
    about = ""


class Reorder(Moving):
    """An op that puts dimensions into another order."""

    silent = True

    def order(self, rank: int) -> tuple[int, ...]:
        """For each dimension of the output, the input's."""
        raise NotImplementedError


@final
class Flatten(Regroup):
    """Merges the dimensions from `start_dim` to `end_dim` into one; by default all but the first."""

    name = "flatten"
    start_dim: Annotated[int, Field(description="the first dimension merged")] = 1
    end_dim: Annotated[int, Field(description="the last dimension merged")] = -1

    def infer(self, x: TensorType) -> TensorType:
        if from_one_end(self.start_dim, self.end_dim) and self.start_dim > self.end_dim:
            raise self._backwards()
        start = normal_dim(self.start_dim, x.rank, "start_dim")
        end = normal_dim(self.end_dim, x.rank, "end_dim")
        if start > end:
            raise self._backwards(f" in {x}")
        return x.with_shape((*x.shape[:start], product(x.shape[start : end + 1]), *x.shape[end + 1 :]))

    def _backwards(self, where: str = "") -> OpError:
        message = f"start_dim {self.start_dim} comes after end_dim {self.end_dim}{where}"
        return OpError(message, code=Code.BAD_VALUE, field="start_dim")


@final
class Unflatten(Regroup):
    """Splits one dimension into several."""

    name = "unflatten"
    dim: Annotated[int, Field(description="the dimension split")]
    unflattened_size: Annotated[Dims, Field(description="its new sizes; one may be -1", min_length=1)]

    def infer(self, x: TensorType) -> TensorType:
        require_free(self.unflattened_size, "unflattened_size")
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        what = f"dimension {self.dim} of {x}"
        sizes = resolve_free(self.unflattened_size, size, "unflattened_size", what)
        return x.with_shape((*x.shape[:dim], *sizes, *x.shape[dim + 1 :]))


@final
class Reshape(Regroup):
    """Gives the same elements, in the same order, another shape."""

    name = "reshape"
    shape: Annotated[Dims, Field(description="the new shape; one size may be -1")]

    def infer(self, x: TensorType) -> TensorType:
        require_free(self.shape, "shape")
        return x.with_shape(resolve_free(self.shape, x.size, "shape", format_shape(x.shape)))


@final
class Permute(Reorder):
    """Puts the dimensions into another order."""

    name = "permute"
    about = "dims"
    dims: Annotated[Ints, Field(description="for each output dimension, the input's")]

    def infer(self, x: TensorType) -> TensorType:
        require_distinct(self.dims, "dims")
        if len(self.dims) != x.rank:
            raise OpError(
                f"dims {list(self.dims)} orders {len(self.dims)} dimensions, but {x} has {x.rank}",
                code=Code.RANK_ERROR,
                ports=("input",),
                field="dims",
            )
        return x.with_shape(x.shape[dim] for dim in self.order(x.rank))

    def order(self, rank: int) -> tuple[int, ...]:
        return normal_dims(self.dims, rank, "dims")


@final
class Transpose(Reorder):
    """Swaps two dimensions."""

    name = "transpose"
    dim0: Annotated[int, Field(description="one dimension")]
    dim1: Annotated[int, Field(description="the other dimension")]

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape(x.shape[dim] for dim in self.order(x.rank))

    def order(self, rank: int) -> tuple[int, ...]:
        first, second = normal_dim(self.dim0, rank, "dim0"), normal_dim(self.dim1, rank, "dim1")
        order = list(range(rank))
        order[first], order[second] = second, first
        return tuple(order)


@final
class Squeeze(Regroup):
    """Removes dimensions of size 1; without `dim` all that are known to be 1."""

    name = "squeeze"
    dim: Annotated[int | Ints | None, Field(description="the dimensions removed; each must be of size 1")] = None

    def removed(self, x: TensorType) -> tuple[int, ...]:
        """The dimensions removed, counted from the front. Raises OpError."""
        if self.dim is None:
            return tuple(i for i, size in enumerate(x.shape) if size == 1)
        counted = normal_dims(listed(self.dim), x.rank, "dim")
        for dim in counted:
            if x.shape[dim] != 1:
                raise OpError(
                    f"cannot squeeze dimension {dim} of {x}: its size is {x.shape[dim]}, not 1",
                    code=Code.SIZE_ERROR,
                    ports=("input",),
                    field="dim",
                )
        return counted

    def infer(self, x: TensorType) -> TensorType:
        require_distinct(listed(self.dim), "dim")
        removed = self.removed(x)
        return x.with_shape(size for i, size in enumerate(x.shape) if i not in removed)


@final
class Unsqueeze(Regroup):
    """Inserts a dimension of size 1."""

    name = "unsqueeze"
    dim: Annotated[int, Field(description="its place in the output")]

    def infer(self, x: TensorType) -> TensorType:
        dim = normal_dim(self.dim, x.rank + 1)
        return x.with_shape((*x.shape[:dim], 1, *x.shape[dim:]))


@final
class Flip(Moving):
    """Reverses the order along dimensions."""

    name = "flip"
    called = "Flip dim"
    about = "dims"
    dims: Annotated[Ints, Field(description="the dimensions reversed")]

    def infer(self, x: TensorType) -> TensorType:
        require_distinct(self.dims, "dims")
        normal_dims(self.dims, x.rank, "dims")
        return x


@final
class Roll(Moving):
    """Shifts along dimensions; what leaves at one end enters at the other."""

    name = "roll"
    called = "Roll by"
    about = "shifts"
    shifts: Annotated[AnyDim | Dims, Field(description="by how many places, for each of `dims`")]
    dims: Annotated[int | Ints | None, Field(description="the dimensions shifted; none: the flattened tensor")] = None

    def infer(self, x: TensorType) -> TensorType:
        shifts, dims = listed(self.shifts), listed(self.dims)
        if len(shifts) != (len(dims) or 1):
            raise OpError(
                f"shifts {format_list(shifts)} and dims {format_list(dims)} differ in length",
                code=Code.BAD_VALUE,
                field="shifts",
            )
        for dim in dims:
            normal_dim(dim, x.rank, "dims")
        return x

    def is_fresh(self) -> bool:
        """Shifted by nothing, it is its input."""
        return any(listed(self.shifts))


@final
class Tril(Op):
    """Keeps the lower triangle of the last two dimensions; the rest becomes 0."""

    name = "tril"
    kind = Kind.RESHAPE
    diagonal: Annotated[int, Field(description="the last diagonal kept; 0 is the main one")] = 0

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 2)
        return x


@final
class Triu(Op):
    """Keeps the upper triangle of the last two dimensions; the rest becomes 0."""

    name = "triu"
    kind = Kind.RESHAPE
    diagonal: Annotated[int, Field(description="the first diagonal kept; 0 is the main one")] = 0

    def infer(self, x: TensorType) -> TensorType:
        require_least_rank("input", x, 2)
        return x
