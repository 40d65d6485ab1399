"""The ways of links between volumes: which gaps and lanes each takes, and where in these it runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from archdsl.drawing.grid import GridPlace
from archdsl.figure.figure import Link

ARC: Final = "arc"
STRAIGHT: Final = "straight"
TURN: Final = "turn"
OVER: Final = "over"
"""Kinds of ways: above the row, along the row, to another row, and from an inner solid above the others."""
ABOVE_ALL: Final = (ARC, OVER)
"""Those that leave above."""


class Taken(NamedTuple):
    """What a link takes of a gap or a lane: from where to where, and with which others it may run together."""

    start: int
    end: int
    key: Hashable


@dataclass
class Course:
    """The way of a link: the gaps between columns that it turns in, and the lane above a row that it runs in."""

    link: Link
    kind: str
    gaps: tuple[int, ...] = ()
    """By the column before them. With two of them it runs in a lane between."""
    lane: int | None = None
    """The row below it."""
    tracks: dict[int, int] = field(default_factory=dict)
    """By gap, which of its tracks."""
    height: int = 0
    """Which of the lane's tracks."""
    volume: int = -1
    """The number of the solid that it leaves, where that is not the last."""


def courses(
    links: Sequence[Link], places: Mapping[str, GridPlace], inner: Mapping[tuple[str, str], int] | None = None
) -> list[Course]:
    """The course of each link, with tracks that none shares but those that begin or end with it.

    `inner` says by its ends of a link which solid of its source it leaves, where that is not the last.
    """
    taken: dict[int, set[int]] = defaultdict(set)
    for place in places.values():
        taken[place.row].add(place.column)
    rides: dict[int, list[Taken]] = defaultdict(list)
    found = []
    for link in links:
        number = (inner or {}).get((link.source, link.target))
        if number is None:
            found.append(_course(link, places, taken, rides))
        else:
            gap = places[link.target].column - 1
            found.append(Course(link, OVER, (gap,), lane=places[link.source].row, volume=number))
    _set_tracks(found, places)
    _set_heights(found, places)
    return found


def _course(
    link: Link, places: Mapping[str, GridPlace], taken: Mapping[int, set[int]], rides: dict[int, list[Taken]]
) -> Course:
    start, end = places[link.source], places[link.target]
    between = set(range(start.column + 1, end.column))
    if start.row == end.row:
        ends = (link.source, link.target)
        if not between & taken[start.row] and _ride(rides, start.row, start.column, end.column, ends):
            return Course(link, STRAIGHT)
        return Course(link, ARC, lane=start.row)
    if start.column == end.column:
        return Course(link, TURN, (start.column, end.column - 1), lane=max(start.row, end.row))
    if not between & taken[end.row] and _ride(rides, end.row, start.column, end.column, link.target):
        return Course(link, TURN, (start.column,))
    if not between & taken[start.row] and _ride(rides, start.row, start.column, end.column, link.source):
        return Course(link, TURN, (end.column - 1,))
    return Course(link, TURN, (start.column, end.column - 1), lane=max(start.row, end.row))


def _ride(rides: dict[int, list[Taken]], row: int, start: int, end: int, key: Hashable) -> bool:
    """Takes the axis of a row between two columns, if no other link runs there."""
    if any(start < other.end - 1 and other.start < end - 1 and other.key != key for other in rides[row]):
        return False
    rides[row].append(Taken(start, end, key))
    return True


def _set_tracks(found: Sequence[Course], places: Mapping[str, GridPlace]) -> None:
    """Where in its gaps each link turns."""
    turning = [course for course in found if course.gaps]
    into = Counter(course.link.target for course in turning)
    out_of = Counter(course.link.source for course in turning)
    wanted: dict[int, list[tuple[Course, Taken]]] = defaultdict(list)
    for course in turning:
        source, target = course.link.source, course.link.target
        rows = sorted((places[source].row, places[target].row))
        joined = into[target] > out_of[source]
        for number, gap in enumerate(course.gaps):
            shared = target if (joined if len(course.gaps) == 1 else number) else source
            key = (source, course.volume) if course.kind == OVER else shared
            wanted[gap].append((course, Taken(rows[0], rows[1] + 1, key)))
    for gap, each in wanted.items():
        numbers = _packed([stretch for _, stretch in each])
        for (course, _), number in zip(each, numbers, strict=True):
            course.tracks[gap] = number


def _set_heights(found: Sequence[Course], places: Mapping[str, GridPlace]) -> None:
    """Which lane above its row each link takes: short ones lie below long ones."""
    lanes: dict[int, list[Course]] = defaultdict(list)
    for course in found:
        if course.lane is not None:
            lanes[course.lane].append(course)
    for each in lanes.values():
        each.sort(key=lambda course: places[course.link.target].column - places[course.link.source].column)
        stretches = [_lane_of(course, places) for course in each]
        for course, number in zip(each, _packed(stretches), strict=True):
            course.height = number


def _lane_of(course: Course, places: Mapping[str, GridPlace]) -> Taken:
    """What a link takes of the lane: of its own column, where it stays there, all."""
    start, end = places[course.link.source].column, places[course.link.target].column
    aside = int(start == end)
    return Taken(start - aside, end + aside, (course.link.source, course.volume))


def _packed(stretches: Iterable[Taken]) -> list[int]:
    """For each stretch the first track that is free there, or that its like runs in already."""
    tracks: list[list[Taken]] = []
    numbers = []
    for stretch in stretches:
        free = (
            number
            for number, track in enumerate(tracks)
            if all(
                other.key == stretch.key or other.end <= stretch.start or stretch.end <= other.start for other in track
            )
        )
        number = next(free, len(tracks))
        if number == len(tracks):
            tracks.append([])
        tracks[number].append(stretch)
        numbers.append(number)
    return numbers


def tracks_in(found: Iterable[Course]) -> Counter[int]:
    """By gap, how many tracks it has."""
    most: Counter[int] = Counter()
    for course in found:
        for gap, number in course.tracks.items():
            most[gap] = max(most[gap], number + 1)
    return most


def heights_in(found: Iterable[Course]) -> Counter[int]:
    """By row, how many lanes are above it."""
    most: Counter[int] = Counter()
    for course in found:
        if course.lane is not None:
            most[course.lane] = max(most[course.lane], course.height + 1)
    return most
