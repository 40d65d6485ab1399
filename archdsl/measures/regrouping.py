"""Splits, orders and merges of dimensions, one after the other, as one: which axes go where.

A tensor's dimensions are groups of axes, the slowest first. An op that reorders moves groups; one that regroups cuts
the same axes, in the same order, into other groups, and splits an axis in two where a cut goes through it. What has
become of the input's dimensions then stands beside those of the output. Dimensions of size 1 have no axis.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatchmethod
from itertools import chain, combinations, product
from math import prod
from typing import Final, NamedTuple, TypeAlias, final

from archdsl.ops.base import Op
from archdsl.ops.rearrange import Rearrange
from archdsl.ops.reshape import Regroup, Reorder
from archdsl.shapes import Dim, Shape, TensorType, least

AxisGroups: TypeAlias = tuple[tuple[int, ...], ...]
"""By dimension its axes, numbered in the order of the input."""

MOVES: Final = (Regroup, Reorder, Rearrange)
"""Ops that move numbers about, axis by axis where they can."""
_OPTIONS: Final = 1000
"""How many ways of giving a pattern axes of size 1 are tried."""


class SplitAxisError(Exception):
    """A cut goes through an axis, and neither part has a whole size for all sizes of the network."""


class Regrouped(NamedTuple):
    """What several ops do together."""

    left: AxisGroups
    right: AxisGroups
    sizes: tuple[Dim, ...]
    """By axis."""
    shape: Shape
    """Of the output."""

    @property
    def ordered(self) -> bool:
        """Whether the axes keep their order."""
        flat = [axis for group in self.right for axis in group]
        return flat == sorted(flat)


def conformed(found: Regrouped, wider: Sequence[Regrouped]) -> Regrouped:
    """The same with the axes that one of others has, those too many of size 1; as it is where there is no such way."""
    for other in wider:
        if len(other.sizes) <= len(found.sizes):
            break
        if (made := _widened(found, other)) is not None:
            return made
    return found


def _widened(found: Regrouped, wider: Regrouped) -> Regrouped | None:
    """Tries for each dimension which of the other's axes are the axes that it has."""
    if len(found.left) != len(wider.left) or len(found.right) != len(wider.right):
        return None
    pairs = zip(found.left, wider.left, strict=True)
    options = [[*combinations(theirs, len(ours))] for ours, theirs in pairs]
    if prod(map(len, options)) > _OPTIONS:
        return None
    for chosen in product(*options):
        stands = {axis: number for number, axis in enumerate(chain(*chosen))}
        right = tuple(tuple(stands[axis] for axis in group if axis in stands) for group in wider.right)
        if right == found.right:
            sizes = tuple(found.sizes[stands[axis]] if axis in stands else 1 for axis in range(len(wider.sizes)))
            return Regrouped(wider.left, wider.right, sizes, found.shape)
    return None


@final
class _Axis:
    """A factor of a dimension, until it is split."""

    def __init__(self, size: Dim) -> None:
        self.size = size
        self.parts: tuple[_Axis, ...] = ()

    def whole(self) -> Iterator[_Axis]:
        """What it has been split into."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.whole()


@final
class Regrouping:
    """The axes of a tensor on their way through ops."""

    def __init__(self, x: TensorType) -> None:
        self._left = [_axes(size) for size in x.shape]
        self._now = [*self._left]
        self._shape = x.shape

    def regrouped(self) -> Regrouped:
        """What the ops so far do."""
        left = [[*_whole(group)] for group in self._left]
        flat = [axis for group in left for axis in group]
        place = {axis: number for number, axis in enumerate(flat)}
        before, now = (
            tuple(tuple(place[axis] for axis in _whole(group)) for group in side) for side in (left, self._now)
        )
        return Regrouped(before, now, tuple(axis.size for axis in flat), self._shape)

    @singledispatchmethod
    def apply(self, op: Op, x: TensorType) -> None:
        """Takes an op of an input of this type; raises SplitAxisError where it is none that only moves whole axes."""
        raise SplitAxisError

    @apply.register
    def _(self, op: Regroup, x: TensorType) -> None:
        result = op.infer(x)
        assert isinstance(result, TensorType)
        self._cut(result.shape)

    @apply.register
    def _(self, op: Reorder, x: TensorType) -> None:
        self._order(op.order(x.rank))

    @apply.register
    def _(self, op: Rearrange, x: TensorType) -> None:
        plan = op.plan(x)
        self._cut([plan.sizes[axis] for axis in plan.pattern.axes])
        self._order(plan.order)
        self._cut(plan.shape)

    def pick(self, dim: int) -> None:
        """Takes one place of a dimension, which is then the tensor's no more. Raises SplitAxisError where that is 1."""
        if len([*_whole(self._now.pop(dim))]) != 1:
            raise SplitAxisError
        self._shape = (*self._shape[:dim], *self._shape[dim + 1 :])

    def mix(self, size: Dim) -> None:
        """Makes a new axis of the last dimension, after those of the input."""
        self._left.append(_axes(size))
        self._now[-1] = self._left[-1]
        self._shape = (*self._shape[:-1], size)

    def _order(self, order: Sequence[int]) -> None:
        self._now = [self._now[place] for place in order]
        self._shape = tuple(self._shape[place] for place in order)

    def _cut(self, shape: Sequence[Dim]) -> None:
        """Groups the axes anew, so that the dimensions have these sizes. Raises SplitAxisError."""
        waiting = [axis for group in self._now for axis in _whole(group)]
        self._now = [[*_taken(waiting, size)] for size in shape]
        self._shape = tuple(shape)
        if waiting:
            raise SplitAxisError


def _axes(size: Dim) -> list[_Axis]:
    return [] if size == 1 else [_Axis(size)]


def _whole(group: Sequence[_Axis]) -> Iterator[_Axis]:
    for axis in group:
        yield from axis.whole()


def _taken(waiting: list[_Axis], size: Dim) -> Iterator[_Axis]:
    """The first axes, whose sizes make this one; the last of them may have to be split. Raises SplitAxisError."""
    while size != 1:
        if not waiting:
            raise SplitAxisError
        axis = waiting.pop(0)
        if (rest := _quotient(size, axis.size)) is not None:
            size = rest
            yield axis
            continue
        if (rest := _quotient(axis.size, size)) is None:
            raise SplitAxisError
        axis.parts = (_Axis(size), _Axis(rest))
        waiting.insert(0, axis.parts[1])
        size = 1
        yield axis.parts[0]


def _quotient(size: Dim, part: Dim) -> Dim | None:
    """How often a part goes into a size, where it does for all sizes of the network."""
    if part == size:
        return 1
    if least(part) < 1:
        return None
    whole = size // part
    return whole if whole * part == size else None
