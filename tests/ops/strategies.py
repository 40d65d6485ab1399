"""What the strategies of several themes draw: shapes, and fields per dimension."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from archdsl.ops import OPS
from archdsl.shapes import TensorType
from tests.ops.harness import Case


def sizes(count: int, least: int, most: int) -> SearchStrategy[int | tuple[int, ...]]:
    """One number for all dimensions, or one for each."""
    number = st.integers(least, most)
    return st.one_of(number, st.tuples(*[number] * count))


def shapes(rank: int, most: int = 6) -> SearchStrategy[tuple[int, ...]]:
    return st.tuples(*[st.integers(1, most)] * rank)


@st.composite
def some_of(draw: DrawFn, fields: Mapping[str, SearchStrategy[Any]]) -> dict[str, Any]:
    """Values for a random choice of the fields; the others keep their defaults."""
    chosen = draw(st.sets(st.sampled_from(sorted(fields)))) if fields else set()
    return {name: draw(value) for name, value in fields.items() if name in chosen}


@st.composite
def layers(
    draw: DrawFn,
    name: str,
    ranks: SearchStrategy[int],
    needed: Mapping[str, SearchStrategy[Any]],
    optional: Mapping[str, SearchStrategy[Any]],
    **case: Any,
) -> Case:
    """An op of one input, at a random rank of these."""
    shape = draw(ranks.flatmap(shapes))
    fields = {key: draw(value) for key, value in needed.items()} | draw(some_of(optional))
    return Case(OPS[name](**fields), (TensorType(shape),), **case)


def off_by_one(rank: int) -> SearchStrategy[int]:
    """This rank mostly, sometimes a wrong one."""
    return st.sampled_from([rank] * 8 + [rank + 1, max(rank - 2, 1)])


@st.composite
def ranked(draw: DrawFn, least: int, most_rank: int, most: int = 5, dtypes: Sequence[str] = ("float32",)) -> TensorType:
    """A tensor of a rank between `least` and `most_rank`."""
    shape = draw(st.integers(least, most_rank).flatmap(lambda rank: shapes(rank, most)))
    return TensorType(shape, draw(st.sampled_from(dtypes)))


def dims(rank: int) -> SearchStrategy[int]:
    """A number of a dimension, rarely one out of range."""
    return st.one_of(*[st.integers(-rank, rank - 1)] * 6, st.sampled_from([-rank - 1, rank]))


def dims_of(rank: int, least: int = 0) -> SearchStrategy[tuple[int, ...]]:
    """Numbers of dimensions, mostly different ones."""
    different = st.sets(st.integers(0, rank - 1), min_size=least).map(tuple)
    return st.one_of(different, different, st.lists(dims(rank), min_size=least, max_size=3).map(tuple))


def broadcastable(shape: tuple[int, ...]) -> SearchStrategy[tuple[int, ...]]:
    """A shape that mostly broadcasts with this one: some sizes 1, some leading ones left out."""
    sizes = [st.sampled_from([size, size, size, 1, size + 1]) for size in shape]
    return st.tuples(st.tuples(*sizes), st.integers(0, len(shape))).map(lambda drawn: drawn[0][drawn[1] // 2 :])
