"""Ops that make a tensor larger with copies of itself."""

from typing import Annotated, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.ops.base import AnyDim, Dims, Moving, OpError, normal_dim
from archdsl.ops.rules import format_list, replaced
from archdsl.shapes import Dim, Shape, TensorType, differ, least


@final
class Expand(Moving):
    """Repeats dimensions of size 1, without copying; more dimensions may come in front."""

    name = "expand"
    silent = True
    about = ""
    size: Annotated[Dims, Field(description="the new shape; -1 keeps a size")]

    def infer(self, x: TensorType) -> TensorType:
        for wanted in self.size:
            if wanted != -1:
                _check_count(wanted, "size")
        new = len(self.size) - x.rank
        if new < 0:
            raise OpError(
                f"size {format_list(self.size)} has fewer dimensions than {x}",
                code=Code.RANK_ERROR,
                ports=("input",),
                field="size",
            )
        return x.with_shape(
            self._size(wanted, None if i < new else x.shape[i - new], x) for i, wanted in enumerate(self.size)
        )

    def _size(self, wanted: Dim, old: Dim | None, x: TensorType) -> Dim:
        if wanted == -1:
            if old is None:
                raise OpError(
                    f"size {format_list(self.size)} has a -1 for a dimension that {x} does not have",
                    code=Code.BAD_VALUE,
                    field="size",
                )
            return old
        if old is not None and old != 1 and differ(old, wanted):
            raise OpError(
                f"cannot expand {x} to {format_list(self.size)}: only a size of 1 can become {wanted}",
                ports=("input",),
                field="size",
            )
        return wanted


class Copies(Moving):
    """Lays copies side by side."""

    @staticmethod
    def _multiply(shape: Shape, counts: tuple[Dim, ...]) -> Shape:
        rank = max(len(shape), len(counts))
        shape = (1,) * (rank - len(shape)) + shape
        counts = (1,) * (rank - len(counts)) + counts
        return tuple(size * count for size, count in zip(shape, counts, strict=True))


@final
class Repeat(Copies):
    """Lays copies side by side along every dimension; more dimensions may come in front."""

    name = "repeat"
    silent = True
    repeats: Annotated[Dims, Field(description="how many copies along each dimension")]

    def infer(self, x: TensorType) -> TensorType:
        for count in self.repeats:
            _check_count(count, "repeats")
        if len(self.repeats) < x.rank:
            raise OpError(
                f"repeats {format_list(self.repeats)} has fewer numbers than {x} has dimensions",
                code=Code.RANK_ERROR,
                ports=("input",),
                field="repeats",
                hint="`tile` takes the last dimensions alone",
            )
        return x.with_shape(self._multiply(x.shape, self.repeats))


@final
class Tile(Copies):
    """Lays copies side by side along the last dimensions."""

    name = "tile"
    dims: Annotated[Dims, Field(description="how many copies along each of the last dimensions")]

    def infer(self, x: TensorType) -> TensorType:
        for count in self.dims:
            _check_count(count, "dims")
        return x.with_shape(self._multiply(x.shape, self.dims))


@final
class RepeatInterleave(Moving):
    """Repeats every element in its place: `a b` becomes `a a b b`."""

    name = "repeat_interleave"
    repeats: Annotated[AnyDim, Field(description="how many times")]
    dim: Annotated[int | None, Field(description="along which dimension; none: the flattened tensor")] = None

    def infer(self, x: TensorType) -> TensorType:
        _check_count(self.repeats, "repeats")
        if self.dim is None:
            return x.with_shape((x.size * self.repeats,))
        dim = normal_dim(self.dim, x.rank)
        return x.with_shape(replaced(x.shape, dim, x.shape[dim] * self.repeats))


def _check_count(count: Dim, field: str) -> None:
    if least(-count) >= 0:
        raise OpError(f"{field} has the number {count}, expected at least 1", code=Code.BAD_VALUE, field=field)
