"""Where a network goes down in resolution and up again: found in who reads whom and in the sizes of maps alone.

Theory of operation. A step is a part of a network with the *level* of the map that it makes: how many places of the
image one of its own stands for. A *crossing* is a link to a step that meets the value at the size that it was made at,
while the value also went there by way of a coarser map: a residual block has none, an encoder's skip is one.

A network is a U where crossings stand at two levels or more and all that lies between their ends goes down to one
bottom and up again, level by level, in running order. One crossing alone is a detail (a head that reads one early map),
and streams that exchange maps again and again go up and down more than once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

CROSSED: Final = 2
"""At so many levels a U has links across."""
NESTED: Final = 2
"""So many links past the bottom's middle make its ends parts of the ways down and up."""


class Tread(NamedTuple):
    """A part of a network, in running order."""

    level: Fraction | None
    """Of the map that it makes; None where that is none of the image."""
    reads: Mapping[int, Fraction | None]
    """The steps before it that it reads, each with the level at which it meets the value at the value's own size."""


class Side(Enum):
    """Where in a U a step stands."""

    DOWN = "on the way down"
    BOTTOM = "at the bottom, or on a link across"
    UP = "on the way up"
    BESIDE = "none of these: what several of them read, or what comes of one of them"


class Terrace(NamedTuple):
    """Where in a figure a box stands."""

    side: Side
    row: int
    """0 is the level of the largest maps."""
    core: bool
    """Whether it is between the ends of links across."""


class Standing(NamedTuple):
    """The place of a step."""

    side: Side
    level: Fraction | None
    core: bool
    """Whether it is between the ends of links across: not before the first or behind the last of them."""


def u_of(steps: Sequence[Tread]) -> list[Standing] | None:
    """Where each step of a U stands; None where the steps are none."""
    around = Around(steps)
    crossings = list(around.crossings())
    if len({crossing.level for crossing in crossings}) < CROSSED:
        return None
    return _U(steps, around, crossings).standings()


class Crossing(NamedTuple):
    """A link from the way down to the way up."""

    source: int
    target: int
    level: Fraction


class Around:
    """What is before and what is behind each step, as bits of numbers."""

    def __init__(self, steps: Sequence[Tread]) -> None:
        self._steps = steps
        self.before = [0] * len(steps)
        self.behind = [0] * len(steps)
        for i, step in enumerate(steps):
            for source in step.reads:
                self.before[i] |= self.before[source] | 1 << source
        for i in range(len(steps) - 1, -1, -1):
            for source in steps[i].reads:
                self.behind[source] |= self.behind[i] | 1 << i

    def between(self, source: int, target: int) -> int:
        """The steps on ways from one to another."""
        return self.behind[source] & self.before[target]

    def crossings(self) -> Iterator[Crossing]:
        """The links that a coarser map goes around."""
        deeper = {step.level: self._deeper(step.level) for step in self._steps if step.level is not None}
        for target, step in enumerate(self._steps):
            for source, level in step.reads.items():
                if level in deeper and self.between(source, target) & deeper[level]:
                    yield Crossing(source, target, level)

    def _deeper(self, level: Fraction) -> int:
        found = (i for i, step in enumerate(self._steps) if step.level is not None and step.level > level)
        return bits(found)


def bits(places: Iterable[int]) -> int:
    """A number with these bits."""
    return sum(1 << place for place in set(places))


def places_of(found: int) -> list[int]:
    """The bits of a number, in order."""
    return [i for i in range(found.bit_length()) if found >> i & 1]


@dataclass
class _U:
    steps: Sequence[Tread]
    around: Around
    found: Sequence[Crossing]

    def standings(self) -> list[Standing] | None:
        """The places of all steps, where what is between the crossings' ends goes down and up once."""
        between = 0
        for source, target, _ in self.found:
            between |= self.around.between(source, target) | 1 << source | 1 << target
        core = [i for i in places_of(between) if self.steps[i].level is not None]
        levels = self._levels(core)
        bottom = self._bottom(core, levels)
        sides = {i: self._side(i, bottom) for i in core}
        first, last = core[0], core[-1]
        before = [i for i in places_of(self._all_before(core)) if self.steps[i].level is not None and i < first]
        behind = places_of(self.around.behind[last])
        down = [*before, *(i for i in core if sides[i] is Side.DOWN)]
        up = [*(i for i in core if sides[i] is Side.UP), *(i for i in behind if self.steps[i].level is not None)]
        levels |= {i: self.steps[i].level for i in (*before, *behind)}
        if not (_falls(levels, down) and _falls(levels, up[::-1])) or not self._is_whole(core, [*bottom, *up]):
            return None
        ends = {**dict.fromkeys(before, Side.DOWN), **dict.fromkeys(behind, Side.UP)}
        lowest = levels[last]
        return [
            Standing(sides[i], levels[i], True)
            if i in sides
            else Standing(ends[i], levels[i] or lowest, False)
            if i in ends
            else Standing(Side.BESIDE, self.steps[i].level, False)
            for i in range(len(self.steps))
        ]

    def _levels(self, core: Sequence[int]) -> dict[int, Fraction | None]:
        """The level at which each step stands: where a link across leaves or arrives, at that link's."""
        levels = {i: self.steps[i].level for i in core}
        for crossing in self.found:
            levels[crossing.target] = crossing.level
        return levels

    def _bottom(self, core: Sequence[int], levels: Mapping[int, Fraction | None]) -> list[int]:
        """The steps at the coarsest level, but those that links past the middle of it leave or come to."""
        deepest = max(level for level in levels.values() if level is not None)
        lowest = [i for i in core if levels[i] == deepest]
        past = [
            (source, target)
            for target in lowest
            for source, level in self.steps[target].reads.items()
            if source in lowest and level == deepest and self.around.between(source, target)
        ]
        if len(past) < NESTED:
            return lowest
        last, first = max(source for source, _ in past), min(target for _, target in past)
        middle = [i for i in lowest if last < i < first]
        return middle if last < first and middle else lowest

    def _side(self, step: int, bottom: Sequence[int]) -> Side:
        if self.around.behind[step] & bits(bottom) and step not in bottom:
            return Side.DOWN
        return Side.UP if self.around.before[step] & bits(bottom) and step not in bottom else Side.BOTTOM

    def _all_before(self, core: Sequence[int]) -> int:
        found = 0
        for step in core:
            found |= self.around.before[step]
        return found & ~bits(core)

    def _is_whole(self, core: Sequence[int], up: Sequence[int]) -> bool:
        """Whether what comes of the bottom and the way up comes of its end, but for what comes of one level at most."""
        own = bits(core) | self._all_before(core) | self.around.behind[core[-1]]
        outside = (step for i, step in enumerate(self.steps) if not own >> i & 1)
        read = {source for step in outside for source in step.reads} - {core[-1]}
        return len({self.steps[i].level for i in up if i in read}) < CROSSED


def _falls(levels: Mapping[int, Fraction | None], steps: Sequence[int]) -> bool:
    """Whether no step stands higher than the one before it."""
    found = [level for i in steps if (level := levels[i]) is not None]
    return all(before <= after for before, after in pairwise(found))
