"""Where a structure stands in another one that has some parts more: by who reads whom, in running order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

OPTIONAL: Final = 4
"""The most parts that a panel may have which some of its blocks do without."""

Parts: TypeAlias = tuple[tuple[Any, tuple[int, ...]], ...]
"""What stands in a structure, each with the places of those that it reads, −1 for what comes from outside."""


def alignments(one: Parts, whole: Parts) -> list[list[int]]:
    """The ways in which the parts of one structure may stand in another: as early, and as late, as can be; none where
    it is not that one without a few parts."""
    last = len(whole) - 1
    found: list[list[int]] = []
    if not 0 < len(whole) - len(one) <= OPTIONAL:
        return found
    for order in (1, -1):
        places = _places(one[::order], whole[::order])
        if places is not None:
            matched = places if order == 1 else [last - place for place in reversed(places)]
            if _reads_alike(one, whole, matched) and matched not in found:
                found.append(matched)
    return found


def passed(one: Parts, whole: Parts, matched: Sequence[int]) -> set[int]:
    """The missing parts before which others read alone what goes into these: a line leads on where they are missing."""
    own = {place: i for i, place in enumerate(matched)} | {-1: -1}
    found: set[int] = set()

    def sources(part: int) -> set[int]:
        """What goes into a missing part, by way of others."""
        reads = whole[part][1]
        return {own[each] for each in reads if each in own}.union(*(sources(each) for each in reads if each not in own))

    def pass_on(part: int, wanted: set[int]) -> None:
        if part not in own and not wanted.isdisjoint(sources(part)):
            found.add(part)
            reads = whole[part][1]
            if not any(own.get(each) in wanted for each in reads):  # else the line is the one that comes straight
                for each in reads:
                    pass_on(each, wanted)

    for (_, reads), place in zip(one, matched, strict=True):
        direct = {own[each] for each in whole[place][1] if each in own}
        for each in whole[place][1]:
            pass_on(each, set(reads) - direct)
    return found


def _places(parts: Sequence[tuple[Any, Any]], among: Sequence[tuple[Any, Any]]) -> list[int] | None:
    """Where parts stand in a longer sequence, in order, each as early as can be."""
    places: list[int] = []
    start = 0
    for name, _ in parts:
        place = next((i for i in range(start, len(among)) if among[i][0] == name), None)
        if place is None:
            return None
        places.append(place)
        start = place + 1
    return places


def _reads_alike(one: Parts, whole: Parts, matched: Sequence[int]) -> bool:
    """Whether every part reads in the whole what it reads alone, perhaps by way of parts that are missing."""
    own = {place: i for i, place in enumerate(matched)} | {-1: -1}
    for (_, reads), place in zip(one, matched, strict=True):
        waiting, seen = list(whole[place][1]), set()
        while waiting:
            source = waiting.pop()
            if source in own:
                seen.add(own[source])
            else:
                waiting += whole[source][1]
        if not set(reads) <= seen:
            return False
    return True
