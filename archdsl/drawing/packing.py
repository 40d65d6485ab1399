"""Where rectangles stand beside each other: in columns, or each where there is room."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from math import inf, sqrt
from typing import Final, TypeAlias

GAP: Final = 26
"""Between the figures of a sheet, in points."""
GAIN: Final = 0.9
"""How much smaller a page must be for rectangles to leave their columns, which are easier to read."""
WIDTHS: Final = 16
"""How many widths are tried, from 0.8 of a page that is full to 1.7."""

Size: TypeAlias = tuple[float, float]
"""Across and down."""


def packed(sizes: Sequence[Size], aspect: float) -> list[Size]:
    """The left and top of each rectangle, together about `aspect` as wide as they are high; the first at the top left.

    They stand in columns, in the order given; or where the page is then much smaller, each in that order where it is
    highest.
    """
    columns = _columns(sizes, aspect)
    loose = min(
        (_where_free(sizes, width) for width in _widths(sizes, aspect)), key=lambda each: _needed(sizes, each, aspect)
    )
    return loose if _needed(sizes, loose, aspect) < GAIN * _needed(sizes, columns, aspect) else columns


def _widths(sizes: Sequence[Size], aspect: float) -> list[float]:
    full = sqrt(aspect * sum((width + GAP) * (height + GAP) for width, height in sizes))
    widest = max(width for width, _ in sizes)
    return sorted({max(widest, full * (0.8 + 0.9 * step / (WIDTHS - 1))) for step in range(WIDTHS)})


def _where_free(sizes: Sequence[Size], width: float) -> list[Size]:
    line = Skyline(width, inf)
    return [place for size in sizes if (place := line.place(size)) is not None]


def _columns(sizes: Sequence[Size], aspect: float) -> list[Size]:
    """The left and top of each rectangle, in columns that together are about `aspect` as wide as they are high."""
    heights = [height + GAP for _, height in sizes]
    stretches = combinations(range(len(sizes) + 1), 2)
    limits = {max(sum(heights[start:stop]), *heights) for start, stop in stretches}
    tried = (_in_columns(sizes, limit) for limit in sorted(limits))
    return min(tried, key=lambda places: _needed(sizes, places, aspect))


def _in_columns(sizes: Sequence[Size], most: float) -> list[Size]:
    """The places in columns that are at most this high, a gap below each rectangle included."""
    left, top, widest = 0.0, 0.0, 0.0
    places = []
    for width, height in sizes:
        if top and top + height + GAP > most:
            left, top, widest = left + widest + GAP, 0.0, 0.0
        places.append((left, top))
        top += height + GAP
        widest = max(widest, width)
    return places


def _needed(sizes: Sequence[Size], places: Sequence[Size], aspect: float) -> float:
    """The height of the smallest page of this aspect that holds all."""
    right = max(left + width for (left, _), (width, _) in zip(places, sizes, strict=True))
    bottom = max(top + height for (_, top), (_, height) in zip(places, sizes, strict=True))
    return max(right / aspect, bottom)


class Skyline:
    """Where the lower edge of what has been placed runs: figures go where they are highest, then leftmost."""

    def __init__(self, width: float, height: float) -> None:
        self._width, self._height = width, height
        self._steps = [(0.0, 0.0)]
        """The left end of each stretch, and how far down it is taken."""

    def place(self, size: Size) -> Size | None:
        """The left and top of a rectangle of this size, which is then taken; None where there is no room."""
        width, height = size
        found = [(self._top(left, left + width), left) for left, _ in self._steps if left + width <= self._width + 0.01]
        top, left = min(found, default=(self._height, 0.0))
        if top + height > self._height + 0.01:
            return None
        self._take(left, left + width + GAP, top + height + GAP)
        return left, top

    def _top(self, left: float, right: float) -> float:
        ends = [*(start for start, _ in self._steps[1:]), float("inf")]
        return max(
            depth for (start, depth), end in zip(self._steps, ends, strict=True) if start < right + GAP and end > left
        )

    def _take(self, left: float, right: float, depth: float) -> None:
        behind = max(((start, under) for start, under in self._steps if start <= right), default=(0.0, 0.0))
        kept = [(start, under) for start, under in self._steps if start < left or start > right]
        self._steps = sorted([*kept, (left, depth), (right, behind[1])])
