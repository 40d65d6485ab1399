"""What the axes of a `rearrange` are called, after where they stand: `n (h p) (w q) c`, `n t (s h d)`.

A person reads a pattern by its letters, so each kind of axis has its own: `n` samples, `t` places of a sequence, `c`
features, `h` and `w` rows and columns, `p` and `q` places in a window, `s` which of several, `h` heads, `d` the
features of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, final

from archdsl.measures.regrouping import AxisGroups, Regrouped

_OTHERS: Final = "abefgijklmoruvxyz"
_SINGLE: Final = {1: "c", 2: "tc", 3: "ntc", 4: "nchw", 5: "ncdhw"}
"""The letters of dimensions, by how many there are."""
_HEADS: Final = {2: "hd", 3: "shd"}
"""Of features that are split."""


def named_axes(found: Regrouped) -> tuple[str, ...]:
    """A name for each axis."""
    return _Namer(found).names()


@final
class _Namer:
    def __init__(self, found: Regrouped) -> None:
        self._found = found
        self._sides = (found.left, found.right)
        self._names: dict[int, str] = {}

    def names(self) -> tuple[str, ...]:
        self._by_sizes()
        grid = self._grid()
        self._features()
        self._windows()
        self._alone(grid)
        count = range(len(self._found.sizes))
        for axis in count:
            self._call(axis, _OTHERS)
        return tuple(self._names[axis] for axis in count)

    def _call(self, axis: int, letters: str) -> None:
        """The first letter that no axis has; where all are taken, one of the others with a number."""
        if axis in self._names:
            return
        taken = {*self._names.values()}
        options = (*letters, *(f"{letter}{n}" for n in range(2, 99) for letter in letters))
        self._names[axis] = next(letter for letter in options if letter not in taken)

    def _by_sizes(self) -> None:
        """Free sizes of the network, which have a letter already."""
        for axis, size in enumerate(self._found.sizes):
            if len(text := str(size)) == 1 and text.isupper():
                self._call(axis, text.lower())

    def _grid(self) -> bool:
        """Rows and columns: two dimensions of two axes each, or two that become one; whether there are some."""
        for side in self._sides:
            for one, two in pairwise(side):
                if len(one) == len(two) == 2:
                    self._call_all((one[0], two[0], one[1], two[1]), "hwpq")
                    return True
        for side, other in (self._sides, self._sides[::-1]):
            for group in side:
                if len(group) == 2 and len(other) == 4 and [*_places(group, other)] in ([1, 2], [2, 3]):
                    self._call_all(group, "hw")
                    return True
        return False

    def _features(self) -> None:
        """The last dimension, where that is split or merged: heads with their features, of one or of several kinds."""
        for side, other in (self._sides, self._sides[::-1]):
            last = side[-1] if side else ()
            if len(last) in _HEADS and not any(axis in self._names for axis in last):
                letters = _HEADS[len(last)]
                kinds = min(last, key=lambda axis: next(_places((axis,), other)))
                ordered = [kinds, *(axis for axis in last if axis != kinds)] if len(last) == 3 else last
                self._call_all(ordered, letters)
                return

    def _windows(self) -> None:
        """What stands with the samples: the windows of each."""
        for side in self._sides:
            for group in side:
                if len(group) == 2 and self._names.get(group[0]) == "n":
                    self._call(group[1], "w" + _OTHERS)

    def _alone(self, grid: bool) -> None:
        """What is a dimension by itself, as a tensor of so many has them."""
        for side in sorted(self._sides, key=len):
            letters = _SINGLE.get(len(side), "")
            for place, group in enumerate(side):
                if len(group) == 1:
                    self._call(group[0], self._letter(letters, place, len(side), grid))

    def _letter(self, letters: str, place: int, rank: int, grid: bool) -> str:
        """With others behind it, for where that is taken."""
        if grid and place > 0 and rank > 2:
            return f"ct{_OTHERS}"
        return f"{letters[place : place + 1]}{'tc' if place else 'b'}{_OTHERS}"

    def _call_all(self, axes: Sequence[int], letters: str) -> None:
        for axis, letter in zip(axes, letters, strict=True):
            self._call(axis, letter + _OTHERS)


def _places(axes: Sequence[int], side: AxisGroups) -> Iterator[int]:
    """The dimensions of a side in which axes stand, where they stand alone, or first for others."""
    for axis in axes:
        yield from (place for place, group in enumerate(side) if axis in group)
