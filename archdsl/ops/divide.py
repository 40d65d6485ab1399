"""Ops that take a tensor apart: several outputs, or a part of it."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, final

from pydantic import Field

from archdsl.faults.code import Code
from archdsl.limits import current
from archdsl.ops.base import AnyDim, Dims, Ints, Moving, OpError, PositiveInt, Texts, normal_dim
from archdsl.ops.rules import divides, format_list, from_one_end, listed, replaced
from archdsl.shapes import Dim, TensorType, differ, least


class Parting(Moving):
    """An op whose outputs are parts of its input along `dim`, which may have names."""

    dim: Annotated[int, Field(description="the dimension that is cut")] = 0
    names: Annotated[Texts | None, Field(description="the names by which the outputs are read; by default 0, 1, …")] = (
        None
    )

    def output_names(self, count: int) -> tuple[str, ...]:
        return self.names or super().output_names(count)


class Dividing(Parting):
    """An op that cuts its input along `dim` into several outputs."""

    called = "Split"

    def sizes(self, size: Dim) -> Sequence[Dim]:
        """The outputs' sizes along `dim`, where the input's is `size`. Raises OpError."""
        raise NotImplementedError

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        self._check_alone()
        dim = normal_dim(self.dim, x.rank)
        sizes = self.sizes(x.shape[dim])
        _check_count(self.names, len(sizes))
        return tuple(x.with_shape(replaced(x.shape, dim, size)) for size in sizes)

    def _check_alone(self) -> None:
        """Raises OpError for what is wrong whatever the input is."""
        _check_distinct(self.names)


@final
class Chunk(Dividing):
    """Cuts a dimension into `chunks` equal parts; the last is smaller where it must be."""

    name = "chunk"
    chunks: Annotated[PositiveInt, Field(description="how many parts")]

    def sizes(self, size: Dim) -> Sequence[Dim]:
        current().check("outputs", self.chunks, "chunks")
        if divides(self.chunks, size):
            return (size // self.chunks,) * self.chunks
        if not isinstance(size, int):
            raise OpError(
                f"cannot cut {size} into {self.chunks} chunks: it is known only at run time",
                code=Code.SIZE_ERROR,
                field="chunks",
                hint="`tensor_split` makes that many parts of any size",
            )
        return _pieces(size, -(-size // self.chunks))


@final
class Split(Dividing):
    """Cuts a dimension into parts of a size, or of the sizes listed."""

    name = "split"
    split_size: Annotated[PositiveInt | Dims, Field(description="the size of each part, or a list of all parts' sizes")]

    def sizes(self, size: Dim) -> Sequence[Dim]:
        if isinstance(self.split_size, tuple):
            return self._listed(self.split_size, size)
        if not isinstance(size, int):
            raise OpError(
                f"cannot cut {size} into parts of {self.split_size}: it is known only at run time",
                code=Code.SIZE_ERROR,
                field="split_size",
                hint="list the parts' sizes",
            )
        current().check("outputs", -(-size // self.split_size), "split_size")
        return _pieces(size, self.split_size)

    def _listed(self, parts: tuple[Dim, ...], size: Dim) -> Sequence[Dim]:
        current().check("outputs", len(parts), "split_size")
        total: Dim = 0
        for part in parts:
            total = total + part
        if differ(total, size):
            raise OpError(
                f"split_size {format_list(parts)} sums to {total}, but dimension {self.dim} is {size}",
                code=Code.SIZE_ERROR,
                field="split_size",
            )
        return parts

    def _check_alone(self) -> None:
        super()._check_alone()
        for part in listed(self.split_size):
            _check_positive(part, "split_size")


@final
class TensorSplit(Dividing):
    """Cuts a dimension into a number of parts, the first ones larger by 1, or at the places listed."""

    name = "tensor_split"
    indices_or_sections: Annotated[
        PositiveInt | Ints, Field(description="how many parts, or the list of places to cut at")
    ]

    def sizes(self, size: Dim) -> Sequence[Dim]:
        places = self.indices_or_sections
        count = len(places) + 1 if isinstance(places, tuple) else places
        current().check("outputs", count, "indices_or_sections")
        if isinstance(places, tuple):
            return self._between(places, size)
        if isinstance(size, int) and size < count:
            raise OpError(f"cannot cut {size} into {count} parts", code=Code.SIZE_ERROR, field="indices_or_sections")
        return [(size + count - 1 - i) // count for i in range(count)]

    def _between(self, places: tuple[int, ...], size: Dim) -> Sequence[Dim]:
        ends: list[Dim] = [0, *(size + place if place < 0 else place for place in places), size]
        parts = [end - start for start, end in pairwise(ends)]
        if any(_below_one(part) for part in parts):
            raise OpError(
                f"cannot cut {size} at {format_list(places)}: a part would be empty",
                code=Code.SIZE_ERROR,
                field="indices_or_sections",
            )
        return parts

    def _check_alone(self) -> None:
        super()._check_alone()
        places = self.indices_or_sections
        stretches = pairwise((0, *listed(places)))
        if isinstance(places, tuple) and any(_is_empty(start, end) for start, end in stretches):
            raise OpError(
                f"cannot cut at {format_list(places)}: a part would be empty",
                code=Code.SIZE_ERROR,
                field="indices_or_sections",
            )


@final
class Unbind(Parting):
    """Takes a dimension apart: one output for each place along it, without that dimension."""

    name = "unbind"
    silent = True
    dim: Annotated[int, Field(description="the dimension removed; its size is known")] = 0

    def infer(self, x: TensorType) -> tuple[TensorType, ...]:
        _check_distinct(self.names)
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        if not isinstance(size, int):
            raise OpError(
                f"cannot unbind dimension {self.dim} of {x}: {size} is known only at run time",
                code=Code.SIZE_ERROR,
                ports=("input",),
                field="dim",
            )
        current().check("outputs", size, "dim")
        _check_count(self.names, size)
        return (x.with_shape(replaced(x.shape, dim)),) * size


@final
class Select(Moving):
    """One place along a dimension, without that dimension."""

    name = "select"
    dim: Annotated[int, Field(description="the dimension removed")]
    index: Annotated[AnyDim, Field(description="the place; from the end where negative")]

    def infer(self, x: TensorType) -> TensorType:
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        if least(self.index - size) >= 0 or least(-self.index - size) > 0:
            raise OpError(
                f"index {self.index} is out of range for dimension {self.dim} of {x}",
                code=Code.SIZE_ERROR,
                field="index",
            )
        return x.with_shape(replaced(x.shape, dim))


@final
class Narrow(Moving):
    """A stretch of a dimension, by start and length."""

    name = "narrow"
    dim: Annotated[int, Field(description="the dimension cut")]
    start: Annotated[AnyDim, Field(description="the first place; from the end where negative")]
    length: Annotated[AnyDim, Field(description="how many places")]

    def infer(self, x: TensorType) -> TensorType:
        _check_positive(self.length, "length")
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        start = from_front(self.start, size)
        if least(-start) > 0 or least(start + self.length - size) > 0:
            raise OpError(
                f"{self.length} from {self.start} on do not fit into dimension {self.dim} of {x}",
                code=Code.SIZE_ERROR,
                field="length",
            )
        return x.with_shape(replaced(x.shape, dim, self.length))


@final
class Slice(Moving):
    """A stretch of a dimension, `start:end:step` as Python has it; it must lie inside and hold something."""

    name = "slice"
    dim: Annotated[int, Field(description="the dimension cut")] = 0
    start: Annotated[AnyDim | None, Field(description="the first place; from the end where negative")] = None
    end: Annotated[AnyDim | None, Field(description="the place after the last; likewise")] = None
    step: Annotated[PositiveInt, Field(description="take every step-th place")] = 1

    def bounds(self, size: Dim) -> tuple[Dim, Dim]:
        """Start and end, counted from the front."""
        start = 0 if self.start is None else from_front(self.start, size)
        end = size if self.end is None else from_front(self.end, size)
        return start, end

    def infer(self, x: TensorType) -> TensorType:
        if self.end is not None and _is_empty(self.start or 0, self.end):
            raise self._empty(f"from {self.start or 0} to {self.end}")
        dim = normal_dim(self.dim, x.rank)
        size = x.shape[dim]
        start, end = self.bounds(size)
        for field, place in (("start", start), ("end", end)):
            if least(-place) > 0 or least(place - size) > 0:
                raise OpError(
                    f"{field} {getattr(self, field)} lies outside dimension {self.dim} of {x}",
                    code=Code.SIZE_ERROR,
                    field=field,
                )
        length = (end - start + self.step - 1) // self.step
        if _below_one(length):
            raise self._empty(f"of dimension {self.dim} of {x} from {self.start or 0} to {end}")
        return x.with_shape(replaced(x.shape, dim, length))

    def _empty(self, where: str) -> OpError:
        field = "start" if self.start is not None else "end"
        return OpError(f"nothing is left {where}", code=Code.SIZE_ERROR, field=field)


def from_front(place: Dim, size: Dim) -> Dim:
    """A negative number counts from the end, as in Python."""
    return size + place if isinstance(place, int) and place < 0 else place


def _is_empty(start: Dim, end: Dim) -> bool:
    """Whether nothing lies between two places, however many there are."""
    return from_one_end(start, end) and least(start - end) >= 0


def _below_one(size: Dim) -> bool:
    """Whether `size` is surely less than 1."""
    return least(-size) >= 0


def _check_positive(size: Dim, field: str) -> None:
    if _below_one(size):
        raise OpError(f"{field} {size} is less than 1", code=Code.BAD_VALUE, field=field)


def _pieces(size: int, piece: int) -> Sequence[int]:
    whole, rest = divmod(size, piece)
    return [piece] * whole + [rest] * bool(rest)


def _check_distinct(names: tuple[str, ...] | None) -> None:
    """Raises OpError for a name of two outputs."""
    twice = [name for i, name in enumerate(listed(names)) if name in listed(names)[:i]]
    if twice:
        raise OpError(f"names has `{twice[0]}` twice", code=Code.BAD_VALUE, field="names")


def _check_count(names: tuple[str, ...] | None, count: int) -> None:
    """Raises OpError unless there is a name for each of `count` outputs."""
    if names is not None and len(names) != count:
        raise OpError(
            f"names {format_list(names)} has {len(names)} names for {count} outputs", code=Code.BAD_VALUE, field="names"
        )
