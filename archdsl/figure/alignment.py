"""Where a structure stands in another one that has some parts more: by who reads whom, in running order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

OPTIONAL: Final = 4
"""The most parts that a panel may have which some of its blocks do without."""
TRIED: Final = 4000
"""So many steps are made to find ways to leave parts out."""

Parts: TypeAlias = tuple[tuple[Any, tuple[int, ...]], ...]
"""What stands in a structure, each with the places of those that it reads, −1 for what comes from outside."""


def alignments(one: Parts, whole: Parts) -> list[list[int]]:
    """The places in one structure of the parts of another that has a few less, in all ways in which they read alike."""
    if not 0 < len(whole) - len(one) <= OPTIONAL:
        return []
    return [places for places in _places(one, whole) if _reads_alike(one, whole, places)]


def _places(one: Parts, whole: Parts) -> Iterator[list[int]]:
    """Where parts stand in a longer sequence, in order: first each as early as can be."""
    room = len(whole) - len(one)
    waiting: list[list[int]] = [[]]
    for _ in range(TRIED):
        if not waiting:
            return
        places = waiting.pop()
        if len(places) == len(one):
            yield places
            continue
        start = places[-1] + 1 if places else 0
        name = one[len(places)][0]
        found = (at for at in range(start, len(places) + room + 1) if whole[at][0] == name)
        waiting += reversed([[*places, at] for at in found])


def starts(whole: Parts, matched: Sequence[int]) -> set[int]:
    """The parts that those which are missing read."""
    missing = set(range(len(whole))).difference(matched)
    return {source for place in missing for source in whole[place][1]} - missing - {-1}


def excess(one: Parts, whole: Parts, matched: Sequence[int]) -> int:
    """How many values parts read there that they do not read alone, what is missing aside."""
    own = {place: i for i, place in enumerate(matched)} | {-1: -1}
    pairs = ((set(reads), whole[place][1]) for (_, reads), place in zip(one, matched, strict=True))
    return sum(len({own[each] for each in there if each in own} - reads) for reads, there in pairs)


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
