"""Ops that make a tensor larger with copies of itself."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, final

from pydantic import Field

from archdsl.ops import fields
from archdsl.ops.base import AnyDim, Dims, Kind, Op, OpError, normal_dim
from archdsl.ops.memory import Placed, Sizes
from archdsl.ops.receptive import repeated
from archdsl.ops.rules import format_list, replaced
from archdsl.shapes import Dim, Shape, TensorType, differ, evaluate, least


@final
class Expand(Op):
    """Repeats dimensions of size 1, without copying; more dimensions may come in front."""

    name: ClassVar[str] = "expand"
    aliases: ClassVar[tuple[str, ...]] = ("broadcast_to",)
    kind: ClassVar[Kind] = Kind.RESHAPE
    size: Annotated[Dims, Field(description="the new shape; -1 keeps a size")]

    def infer(self, x: TensorType) -> TensorType:
        new = len(self.size) - x.rank
        if new < 0:
            raise OpError(
                f"size {format_list(self.size)} has fewer dimensions than {x}",
                code="rank-error",
                ports=("input",),
                field="size",
            )
        return x.with_shape(
            self._size(wanted, None if i < new else x.shape[i - new], x) for i, wanted in enumerate(self.size)
        )

    def views(self, made: Sequence[Sizes], training: bool, x: Placed) -> tuple[Sizes, ...]:
        new = len(made[0]) - len(x.shape)
        kept = zip(x.shape, made[0][new:], x.strides, strict=True)
        return ((*(0,) * new, *(stride if old == size else 0 for old, size, stride in kept)),)

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        return (fields.elementwise(made[0], (x,)),)

    def _size(self, wanted: Dim, old: Dim | None, x: TensorType) -> Dim:
        if wanted == -1:
            if old is None:
                raise OpError(
                    f"size {format_list(self.size)} has a -1 for a dimension that {x} does not have",
                    code="bad-value",
                    field="size",
                )
            return old
        _check_count(wanted, "size")
        if old is not None and old != 1 and differ(old, wanted):
            raise OpError(
                f"cannot expand {x} to {format_list(self.size)}: only a size of 1 can become {wanted}",
                ports=("input",),
                field="size",
            )
        return wanted


class _Copies(Op):
    """Lays copies side by side."""

    kind: ClassVar[Kind] = Kind.RESHAPE

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        kept = zip(reversed(x.dims), reversed(x.shape), reversed(made[0]), strict=False)
        if any(fields.has_places(parts) and old != new for parts, old, new in kept):
            return (fields.everything(made[0], (x,)),)
        return (fields.elementwise(made[0], (x,)),)

    @staticmethod
    def _multiply(shape: Shape, counts: tuple[Dim, ...], field: str) -> Shape:
        for count in counts:
            _check_count(count, field)
        rank = max(len(shape), len(counts))
        shape = (1,) * (rank - len(shape)) + shape
        counts = (1,) * (rank - len(counts)) + counts
        return tuple(size * count for size, count in zip(shape, counts, strict=True))


@final
class Repeat(_Copies):
    """Lays copies side by side along every dimension; more dimensions may come in front."""

    name: ClassVar[str] = "repeat"
    repeats: Annotated[Dims, Field(description="how many copies along each dimension")]

    def infer(self, x: TensorType) -> TensorType:
        if len(self.repeats) < x.rank:
            raise OpError(
                f"repeats {format_list(self.repeats)} has fewer numbers than {x} has dimensions",
                code="rank-error",
                ports=("input",),
                field="repeats",
                hint="`tile` takes the last dimensions alone",
            )
        return x.with_shape(self._multiply(x.shape, self.repeats, "repeats"))


@final
class Tile(_Copies):
    """Lays copies side by side along the last dimensions."""

    name: ClassVar[str] = "tile"
    dims: Annotated[Dims, Field(description="how many copies along each of the last dimensions")]

    def infer(self, x: TensorType) -> TensorType:
        return x.with_shape(self._multiply(x.shape, self.dims, "dims"))


@final
class RepeatInterleave(Op):
    """Repeats every element in its place: `a b` becomes `a a b b`."""

    name: ClassVar[str] = "repeat_interleave"
    kind: ClassVar[Kind] = Kind.RESHAPE
    repeats: Annotated[AnyDim, Field(description="how many times")]
    dim: Annotated[int | None, Field(description="along which dimension; none: the flattened tensor")] = None

    def infer(self, x: TensorType) -> TensorType:
        _check_count(self.repeats, "repeats")
        if self.dim is None:
            return x.with_shape((x.size * self.repeats,))
        dim = normal_dim(self.dim, x.rank)
        return x.with_shape(replaced(x.shape, dim, x.shape[dim] * self.repeats))

    def field(self, made: Sequence[Sizes], x: fields.Field) -> tuple[fields.Field, ...]:
        if self.dim is None:
            return super().field(made, x)
        dim = self.dim % len(x.dims)
        return (fields.windowed(x, dim, (repeated(evaluate(self.repeats, {})),), made[0][dim : dim + 1]),)


def _check_count(count: Dim, field: str) -> None:
    if least(-count) >= 0:
        raise OpError(f"{field} has the number {count}, expected at least 1", code="bad-value", field=field)


REPEAT = (Expand, Repeat, Tile, RepeatInterleave)
