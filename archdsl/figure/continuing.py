"""Figures that are too high go on in further ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from string import ascii_uppercase
from typing import Final

from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.words.quantities import SPACE

LEAST: Final = 3
"""Boxes that a part has at least."""


def continued(figure: Figure, number: int) -> list[Figure]:
    """The figure in so many parts, about equally long; the figure alone where that cannot be.

    It is cut where one value goes on, and no more: a part ends at a letter, at which the next one begins.
    """
    boxes = [item for item in figure.items if isinstance(item, Box)]
    if figure.is_placed or figure.direction != "TB" or len(boxes) < len(figure.items):
        return [figure]
    return _Cutter(figure, boxes).parts(number)


class _Cutter:
    def __init__(self, figure: Figure, boxes: Sequence[Box]) -> None:
        self._figure = figure
        self._boxes = _by_use(boxes, figure.links)
        self._place = {box.name: place for place, box in enumerate(self._boxes)}

    def parts(self, number: int) -> list[Figure]:
        """The figure in so many parts, or else alone."""
        length = len(self._boxes)
        cuts = [place for place in range(LEAST, length - LEAST + 1) if self._is_single(place)]
        wanted = [length * part / number for part in range(1, number)]
        ends = [0, *(min(cuts, key=lambda cut: abs(cut - each), default=0) for each in wanted), length]
        if any(stop - start < LEAST for start, stop in pairwise(ends)):
            return [self._figure]
        letters = ["", *ascii_uppercase[: number - 1], ""]
        stretches = zip(pairwise(ends), pairwise(letters), strict=True)
        parts = [self._part(*stretch, *ports) for stretch, ports in stretches]
        return [replace(part, title=f"{part.title}, {at} of {number}") for at, part in enumerate(parts, 1)]

    def _crossing(self, cut: int) -> list[Link]:
        return [
            link for link in self._figure.links if (self._place[link.source] < cut) != (self._place[link.target] < cut)
        ]

    def _is_single(self, cut: int) -> bool:
        """Whether one value goes on there, and nothing comes back."""
        found = {link.source for link in self._crossing(cut)}
        return len(found) == 1 and all(self._place[source] < cut for source in found)

    def _part(self, start: int, stop: int, entry: str, exit: str) -> Figure:
        figure = self._figure
        boxes = self._boxes[start:stop]
        names = {box.name for box in boxes}
        first, last = _port(entry), _port(exit)

        def here(link: Link) -> Link:
            return link if link.source in names else replace(link, source=first.name)

        links = [here(link) for link in figure.links if link.target in names]
        if exit:
            onward = here(self._crossing(stop)[0])
            links.append(Link(onward.source, last.name, LinkRole.SPINE, onward.label))
        items = (*([first] if entry else []), *boxes, *([last] if exit else []))
        rows = tuple(row for row in figure.rows if names.issuperset(row))
        return replace(figure, items=items, links=tuple(links), rows=rows, counts="" if entry else figure.counts)


def _port(letter: str) -> Box:
    return Box(f"goes{SPACE}on{SPACE}at{SPACE}{letter}", Style.PORT, "reshape", letter)


def _by_use(boxes: Sequence[Box], links: Sequence[Link]) -> list[Box]:
    """The boxes in running order, an output behind what it comes from and an input before what reads it."""
    place = {box.name: float(at) for at, box in enumerate(boxes)}
    ports = {box.name for box in boxes if box.style is Style.PORT}
    for link in links:
        if link.target in ports:
            place[link.target] = place[link.source] + 0.5
        if link.source in ports:
            place[link.source] = place[link.target] - 0.5
    return sorted(boxes, key=lambda box: place[box.name])
