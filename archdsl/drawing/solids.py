"""Cuboids in oblique projection: how long their sides are, and which faces are seen.

The front of a cuboid is as wide as it has channels and as high as its map; its depth, the map's width, goes back to
the upper right. Cuboids of one row are centred on one axis, so that each hides a part of the one at its left.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from archdsl.drawing.layout import Point
from archdsl.figure.extents import ExtentForm
from archdsl.figure.volumes import Volume

HIGHEST: Final = 104.0
"""The longest side of a map, in points."""
LOWEST: Final = 10.0
"""The shortest that is drawn."""
THICKEST: Final = 38.0
THINNEST: Final = 5.0
SLAB: Final = 5.0
"""The thickness of what was pooled."""
BAR: Final = 8.0
"""The thickness and the depth of a vector."""
SHEET: Final = 10.0
"""The depth of rows, which have no width."""
ACROSS, UP = 0.36, 0.30
"""How far the end of a depth of one point is to the right and up."""
BAND: Final = 0.3
"""Of the thickness: what stands for an activation."""
NARROWEST: Final = 2.4
"""The least width of a band, in points."""
LINEAR: Final = 4.0
"""Sizes that differ by no more than this factor are drawn as long as they are."""


class LengthRule(NamedTuple):
    """From sizes to lengths: as they are, or the same step for each doubling."""

    least: float
    most: float
    shortest: float
    longest: float
    step: float
    """The most points for a doubling."""

    @property
    def is_linear(self) -> bool:
        return self.most <= LINEAR * self.least

    def length(self, size: int) -> float:
        """Of a side of this size, in points."""
        if self.is_linear:
            return self.longest * size / self.most
        doublings = math.log2(self.most / self.least)
        step = min(self.step, (self.longest - self.shortest) / doublings)
        return self.longest - step * math.log2(self.most / size)


def rule_for(sizes: Iterable[int], shortest: float, longest: float, step: float) -> LengthRule:
    """The rule for these sizes."""
    found = [max(1, size) for size in sizes] or [1]
    return LengthRule(min(found), max(found), shortest, longest, step)


@dataclass(frozen=True)
class LengthRules:
    """How long the sides of a figure's volumes are."""

    sides: LengthRule
    places: LengthRule
    features: LengthRule
    channels: LengthRule

    def box(self, volume: Volume) -> tuple[float, float, float]:
        """The thickness, the height and the depth of a volume."""
        extent = volume.extent
        if extent.form is ExtentForm.VECTOR:
            return (SLAB if volume.slab else BAR), self.features.length(max(1, extent.channels)), BAR
        thick = SLAB if volume.slab else self.channels.length(max(1, extent.channels))
        if extent.form is ExtentForm.ROWS:
            return thick, self.places.length(max(1, extent.height)), SHEET
        return thick, self.sides.length(max(1, extent.height)), self.sides.length(max(1, extent.width))


def rules_for(volumes: Sequence[Volume], part: float = 1.0) -> LengthRules:
    """The rules for the volumes of a figure, with solids that are this part of their usual size."""
    by_form = {form: [each for each in volumes if each.extent.form is form] for form in ExtentForm}
    maps, rows, vectors = (by_form[form] for form in (ExtentForm.MAP, ExtentForm.ROWS, ExtentForm.VECTOR))
    sides = [side for each in maps for side in (each.extent.height, each.extent.width)]
    channels = [each.extent.channels for each in (*maps, *rows) if not each.slab]
    return LengthRules(
        rule_for(sides, LOWEST, part * HIGHEST, 20),
        rule_for((each.extent.height for each in rows), 2 * LOWEST, part * 0.8 * HIGHEST, 10),
        rule_for((each.extent.channels for each in vectors), 2 * LOWEST, part * 0.8 * HIGHEST, 9),
        rule_for(channels, THINNEST, part * THICKEST, 5),
    )


@dataclass(frozen=True)
class Solid:
    """A cuboid: the left upper corner of its front, its sides, and how far its back is to the right and up."""

    x: float
    y: float
    width: float
    height: float
    across: float
    up: float
    paint: str
    band: float = 0.0
    """How much of the width stands for an activation."""
    dashed: bool = False

    def moved(self, x: float, y: float) -> Solid:
        """This far to the right and down."""
        return Solid(
            self.x + x, self.y + y, self.width, self.height, self.across, self.up, self.paint, self.band, self.dashed
        )

    @property
    def left(self) -> float:
        return self.x

    @property
    def right(self) -> float:
        return self.x + self.width + self.across

    @property
    def top(self) -> float:
        return self.y - self.up

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def entry(self) -> Point:
        """Where its axis comes in from the left, as far as it is seen."""
        hidden = max(0.0, (self.up - self.height) / 2) / self.up if self.up else 0.0
        return Point(self.x + self.across * hidden, self.y + (self.height - self.up) / 2)

    @property
    def exit(self) -> Point:
        """The middle of its right face."""
        return Point(self.x + self.width + self.across / 2, self.y + (self.height - self.up) / 2)

    @property
    def crown(self) -> Point:
        """The middle of its upper face."""
        return Point(self.x + (self.width + self.across) / 2, self.y - self.up / 2)

    def low_at(self, x: float) -> float:
        """How far down it reaches there, from its front to the right."""
        behind = max(0.0, x - self.x - self.width)
        return self.bottom - (behind * self.up / self.across if self.across else 0.0)

    def fronts(self) -> list[tuple[str, tuple[Point, ...]]]:
        """The faces that are seen, from the back to the front, each with which it is."""
        plain = self.width - self.band
        faces = [("side", self._side()), ("top", self._top(0, plain)), ("front", self._front(0, plain))]
        if self.band:
            faces += [("band top", self._top(plain, self.width)), ("band", self._front(plain, self.width))]
        return faces

    def _front(self, start: float, end: float) -> tuple[Point, ...]:
        left, right = self.x + start, self.x + end
        return Point(left, self.y), Point(right, self.y), Point(right, self.bottom), Point(left, self.bottom)

    def _top(self, start: float, end: float) -> tuple[Point, ...]:
        left, right = Point(self.x + start, self.y), Point(self.x + end, self.y)
        return left, right, right.moved(self.across, -self.up), left.moved(self.across, -self.up)

    def _side(self) -> tuple[Point, ...]:
        above, below = Point(self.x + self.width, self.y), Point(self.x + self.width, self.bottom)
        return above, below, below.moved(self.across, -self.up), above.moved(self.across, -self.up)


def solid(volume: Volume, rules: LengthRules, start: float, dashed: bool) -> Solid:
    """A volume whose left face has its middle so far to the right, at no height."""
    thick, height, depth = rules.box(volume)
    across, up = depth * ACROSS, depth * UP
    band = min(thick / 2, max(NARROWEST, BAND * thick)) if volume.banded else 0.0
    return Solid(start - across / 2, (up - height) / 2, thick, height, across, up, volume.paint, band, dashed)


def legend(volumes: Iterable[Volume], rules: LengthRules) -> list[str]:
    """What lengths, bands and neighbours mean, as far as there are any."""
    found = list(volumes)
    forms = {volume.extent.form for volume in found}
    words = []
    if ExtentForm.MAP in forms:
        words.append(f"height and depth: H and W{_kind(rules.sides)}")
    if ExtentForm.ROWS in forms:
        words.append(
            f"height{' of sheets' if ExtentForm.MAP in forms else ''}: places of the sequence{_kind(rules.places)}"
        )
    if any(volume.extent.form is not ExtentForm.VECTOR and not volume.slab for volume in found):
        words.append(f"thickness: channels{_kind(rules.channels)}")
    if ExtentForm.VECTOR in forms:
        words.append(f"length of bars: size of the vector{_kind(rules.features)}")
    if any(volume.banded for volume in found):
        words.append("dark band: activation")
    if any(volume.joined for volume in found):
        words.append("side by side: concatenated")
    return words


def _kind(rule: LengthRule) -> str:
    return "" if rule.least == rule.most else ", linear" if rule.is_linear else ", logarithmic"
