"""What makes a figure narrower and higher: inputs above all, outputs below, and parallel ways in two lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from typing import Final, NamedTuple

from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style

FEWEST: Final = 4
"""Fewer ways than this stand beside each other."""


class _Lowered(NamedTuple):
    """The ways of a row that go below the others."""

    heads: tuple[str, ...]
    length: int
    """How many ranks the links to them span."""


def with_inputs_above(figure: Figure) -> Figure:
    """The figure with all its inputs in a row, so that none stands beside the panel that it enters."""
    return _with_row(figure, {link.target for link in figure.links})


def with_outputs_below(figure: Figure) -> Figure:
    """And with its outputs in another."""
    return _with_row(figure, {link.source for link in figure.links})


def _with_row(figure: Figure, others: Set[str]) -> Figure:
    """The figure with a row of its ports but these."""
    ports = [item for item in figure.items if isinstance(item, Box) and item.style is Style.PORT]
    row = tuple(port.name for port in ports if port.name not in others)
    return replace(figure, rows=(*figure.rows, row)) if len(row) > 1 and row not in figure.rows else figure


def staggered(figure: Figure) -> Figure:
    """The figure with the second half of each row of ways that part at one box and end at one below the first half."""
    ways = _Ways(figure.links)
    rows = [*figure.rows, *(row for panel in figure.panels() for row in panel.rows)]
    found = {row: lowered for row in rows if (lowered := ways.lowered(row)) is not None}
    lengths = {head: each.length for each in found.values() for head in each.heads}
    links = tuple(
        replace(link, length=max(link.length, lengths[link.target])) if link.target in lengths else link
        for link in figure.links
    )

    def parted(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
        halves = (
            (row[: -len(found[row].heads)], found[row].heads) if row in found else (row,)
            for row in rows
        )  # fmt: skip
        return tuple(half for each in halves for half in each)

    def opened(item: Box | Panel) -> Box | Panel:
        if isinstance(item, Box):
            return item
        return replace(item, items=tuple(map(opened, item.items)), rows=parted(item.rows))

    return replace(figure, items=tuple(map(opened, figure.items)), rows=parted(figure.rows), links=links)


class _Ways:
    """What follows what."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._after: dict[str, list[str]] = defaultdict(list)
        for link in links:
            if link.role is not LinkRole.LOOP:
                self._after[link.source].append(link.target)

    def lowered(self, row: tuple[str, ...]) -> _Lowered | None:
        """The second half of a row; None where its ways do not end at one box, or where they are few."""
        if len(row) < FEWEST:
            return None
        reached = Counter(name for head in row for name in self._behind(head))
        ways = [{name for name in self._behind(head) if reached[name] == 1} for head in row]
        ends = {after for way in ways for name in way for after in self._after[name]} - set().union(*ways)
        if len(ends) > 1:
            return None
        half = -(-len(row) // 2)
        return _Lowered(row[half:], 1 + max(map(self._length, row[:half], ways)))

    def _behind(self, head: str) -> set[str]:
        """The box and all that the ways from it lead to."""
        found, new = {head}, [head]
        while new:
            new = [name for name in dict.fromkeys(after for each in new for after in self._after[each])
                   if name not in found]  # fmt: skip
            found.update(new)
        return found

    def _length(self, head: str, way: Set[str]) -> int:
        """How many boxes stand below each other in a way."""
        length, new = 0, {head}
        while new:
            new = {after for name in new for after in self._after[name] if after in way}
            length += 1
        return length
