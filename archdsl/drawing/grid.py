"""Where volumes stand: in columns by how far they are from the input, in rows by branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from archdsl.figure.figure import Figure, Link
from archdsl.figure.slopes import Side, Terrace


@dataclass(frozen=True)
class GridPlace:
    """The column and the row of a box."""

    column: int
    row: int


Columns: TypeAlias = dict[str, int]
"""By box."""


def places_of(
    names: Sequence[str], links: Iterable[Link],
    levels: Mapping[str, int] | None = None, fold: Callable[[Columns], Columns] | None = None,
) -> dict[str, GridPlace]:  # fmt: skip
    """A place for each box, so that every link runs to the right, or with a fold stays in its column.

    The rows are levels, where a figure has these; else the longest way is the first row, and branches are below it.
    """
    found = list(links)
    before: dict[str, list[str]] = {name: [] for name in names}
    for link in found:
        before[link.target].append(link.source)
    order = _in_order(names, before)
    columns: dict[str, int] = {}
    for name in order:
        columns[name] = max((columns[source] + 1 for source in before[name]), default=0)
    _pull_inputs(order, found, columns)
    if fold is not None and all((folded := fold(columns))[link.source] <= folded[link.target] for link in found):
        columns = folded
    rows = _at_levels(order, columns, levels) if levels else _by_ways(order, found, before, columns)
    return {name: GridPlace(columns[name], rows[name]) for name in names}


def levels_of(figure: Figure) -> dict[str, int]:
    """By box at which level it stands, where the figure says so; what is beside an encoder is above it."""
    if figure.places:
        return {name: -1 if place.side is Side.BESIDE else place.row for name, place in figure.places}
    rows = [cell.row for _, cell in figure.cells if cell.row >= 0]
    middle = (min(rows) + max(rows)) // 2 if rows else 0
    return {name: cell.row if cell.row >= 0 else middle for name, cell in figure.cells}


def fold_of(figure: Figure) -> Callable[[Columns], Columns] | None:
    """What puts the levels of a figure below each other: of a U's ways down and up, or of a pyramid's stages."""
    if figure.places:
        return partial(_folded, dict(figure.places))
    return partial(_staged, {name: cell.column for name, cell in figure.cells}) if figure.cells else None


def _folded(places: Mapping[str, Terrace], columns: Columns) -> Columns:
    """One column for each side of a U; what comes before it, stands at its bottom or comes behind it has its own."""
    found: Columns = {}
    start = 0
    if not any(_group(place) == _BEFORE for place in places.values()):
        return columns  # links within the first column would have no way at its left
    for group in (_BEFORE, _DOWN, _BOTTOM, _UP, _BEHIND):
        names = [name for name in columns if _group(places[name]) == group]
        first = min((columns[name] for name in names), default=0)
        for name in names:
            found[name] = start + (0 if group in (_DOWN, _UP) else columns[name] - first)
        start = max((found[name] + 1 for name in names), default=start)
    return found


_BEFORE, _DOWN, _BOTTOM, _UP, _BEHIND = range(5)


def _group(place: Terrace) -> int:
    if place.side is Side.BOTTOM:
        return _BOTTOM
    if place.side is Side.UP:
        return _UP if place.core else _BEHIND
    return _DOWN if place.side is Side.DOWN and place.core else _BEFORE


def _staged(stages: Mapping[str, int], columns: Columns) -> Columns:
    """A column for each stage of a pyramid, behind what enters."""
    return {name: stages[name] + 1 if column else 0 for name, column in columns.items()}


def _at_levels(order: Sequence[str], columns: Mapping[str, int], levels: Mapping[str, int]) -> dict[str, int]:
    """A row for each level, with more below where boxes of one column stand at it."""
    found: dict[str, tuple[int, int]] = {}
    taken: set[tuple[int, int, int]] = set()
    for name in order:
        level = levels[name]
        below = next(number for number in range(len(order)) if (level, number, columns[name]) not in taken)
        taken.add((level, below, columns[name]))
        found[name] = level, below
    rows = {row: number for number, row in enumerate(sorted(set(found.values())))}
    return {name: rows[row] for name, row in found.items()}


def _by_ways(
    order: Sequence[str], links: Sequence[Link], before: Mapping[str, Sequence[str]], columns: Mapping[str, int]
) -> dict[str, int]:
    """The longest way, then the longest of what is left, each in the first row with room for it."""
    rows: dict[str, int] = {}
    taken: list[set[int]] = []
    left = list(order)
    while left:
        way = _longest(left, before, columns)
        row = _free_row(_span(way, links, columns), way, taken, before, rows)
        rows.update(dict.fromkeys(way, row))
        left = [name for name in left if name not in rows]
    return rows


def _in_order(names: Sequence[str], before: Mapping[str, Sequence[str]]) -> list[str]:
    """The names, each after those that it reads."""
    waiting = {name: len(set(before[name])) for name in names}
    after: dict[str, list[str]] = {name: [] for name in names}
    for name in names:
        for source in dict.fromkeys(before[name]):
            after[source].append(name)
    ready = [name for name in names if not waiting[name]]
    for name in ready:
        for target in after[name]:
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    return [*ready, *(name for name in names if waiting[name] > 0)]


def _pull_inputs(order: Sequence[str], links: Sequence[Link], columns: dict[str, int]) -> None:
    """Moves what nothing comes before as far to the right as what reads it lets it."""
    targets = {link.target for link in links}
    for name in order:
        read = [columns[link.target] for link in links if link.source == name]
        if name not in targets and read:
            columns[name] = min(read) - 1


def _longest(left: Sequence[str], before: Mapping[str, Sequence[str]], columns: Mapping[str, int]) -> list[str]:
    """The longest way among what is left."""
    inside = set(left)
    best: dict[str, list[str]] = {}
    for name in left:
        ways = [best[source] for source in before[name] if source in inside and source in best]
        best[name] = [*max(ways, key=len, default=[]), name]
    return max(best.values(), key=len)


def _span(way: Sequence[str], links: Sequence[Link], columns: Mapping[str, int]) -> set[int]:
    """The columns of a way, and those that links to it and from it pass."""
    first, last = columns[way[0]], columns[way[-1]]
    come = (columns[link.source] + 1 for link in links if link.target == way[0])
    go = (columns[link.target] - 1 for link in links if link.source == way[-1])
    return set(range(min([first, *come]), max([last, *go]) + 1))


def _free_row(
    wanted: set[int], way: Sequence[str], taken: list[set[int]],
    before: Mapping[str, Sequence[str]], rows: Mapping[str, int],
) -> int:  # fmt: skip
    """The first row with room for a way, at least as low as where it branches off."""
    least = min((rows[source] for source in before[way[0]] if source in rows), default=0)
    for row in range(least, len(taken)):
        if not wanted & taken[row]:
            taken[row] |= wanted
            return row
    taken.append(wanted)
    return len(taken) - 1
