"""What a figure shows: boxes, panels around them and links. No layout, no syntax."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class Style(Enum):
    """How a box is drawn."""

    CARD = "card"
    """As wide as the column, with lines of text."""
    OP = "op"
    """One line: a name and its fields."""
    MERGE = "merge"
    """A circle with a sign."""
    PORT = "port"
    """Text alone: an input or an output."""
    HEADER = "header"
    """Text alone: the name of a panel, through which its input enters."""
    FORK = "fork"
    """A dot at which ways part."""
    TRACK = "track"
    """A point beside the column that keeps a skip in its lane."""
    LOOP = "loop"
    """Beside a card, on its loop edge: the names of what the card passes on to its next step."""


class Role(Enum):
    """What a link is."""

    SPINE = "spine"
    """To the next box: it holds the column together."""
    BRANCH = "branch"
    """To another box, with no way around."""
    SKIP = "skip"
    """Past boxes that the value also goes through."""
    GONE = "gone"
    """To or from a box that is no longer there."""
    SIDE = "side"
    """On the shorter of two ways into a merge, where that way has boxes of its own."""
    LOOP = "loop"
    """From a card to the box on its loop edge, or back."""


@dataclass(frozen=True)
class Box:
    name: str
    """Unique in the figure: the path of what it shows."""
    style: Style
    paint: str
    title: str
    fields: str = ""
    """Beside the title."""
    aside: str = ""
    """Beside the title, muted: the instance, what differs."""
    lines: tuple[str, ...] = ()
    remarks: tuple[tuple[str, str], ...] = ()
    """Lines below those, each with the paint whose colour its text has."""
    counts: str = ""
    times: int = 1
    carries: str = ""
    """What a loop over time passes on to its next step."""
    dashed: bool = False


@dataclass(frozen=True)
class Panel:
    """A scope whose content is shown. Its first item is its header."""

    name: str
    items: tuple[Box | Panel, ...]
    dashed: bool = False
    rows: tuple[tuple[str, ...], ...] = ()
    """Names of boxes in it that stand beside each other."""
    paint: str = ""
    """Of its border; empty for the usual one."""

    @property
    def header(self) -> Box:
        """The box through which the panel's first input enters."""
        first = self.items[0]
        assert isinstance(first, Box)
        return first


@dataclass(frozen=True)
class Link:
    source: str
    target: str
    role: Role
    label: str = ""
    dashed: bool = False
    length: int = 1
    """The least number of ranks that it spans."""


@dataclass(frozen=True)
class Figure:
    name: str
    title: str
    counts: str
    items: tuple[Box | Panel, ...] = ()
    links: tuple[Link, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    compact: bool = False
    """Shows single ops: set closer than cards."""
    legend: tuple[tuple[str, str], ...] = ()
    """Paints, each with what it stands for."""

    def boxes(self) -> Iterator[Box]:
        """Every box, in running order."""
        return _boxes(self.items)


def _boxes(items: tuple[Box | Panel, ...]) -> Iterator[Box]:
    for item in items:
        if isinstance(item, Box):
            yield item
        else:
            yield from _boxes(item.items)
