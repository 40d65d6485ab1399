"""What a figure shows: boxes, panels around them and links. No layout, no syntax."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from archdsl.figure.palette import PALETTES, Paint, Palette
from archdsl.figure.pyramids import GridCell
from archdsl.figure.slopes import Terrace
from archdsl.figure.view import Direction, PaletteName
from archdsl.words.naming import DOT


class Style(Enum):
    """How a box is drawn."""

    CARD = "card"
    """As wide as the column, with lines of text."""
    TILE = "tile"
    """A card where the figure runs to the right: narrow, with its text in the middle."""
    OP = "op"
    """One line: a name and its fields."""
    MERGE = "merge"
    """A circle with a sign."""
    PORT = "port"
    """Text alone: an input or an output."""
    TITLE = "title"
    """Text alone: what a figure, or one of several on a sheet, is of."""
    HEADER = "header"
    """Text alone: the name of a panel, through which its input enters."""
    FORK = "fork"
    """A dot at which ways part."""
    TRACK = "track"
    """A point beside the column that keeps a skip in its lane."""
    LOOP = "loop"
    """Beside a card, on its loop edge: the names of what the card passes on to its next step."""


class LinkRole(Enum):
    """What a link is."""

    SPINE = "spine"
    """To the next box: it holds the column together."""
    BRANCH = "branch"
    """To another box, with no way around."""
    SKIP = "skip"
    """Past boxes that the value also goes through, to where it joins what these made."""
    PAST = "past"
    """Past boxes too, but to be used otherwise: a mask, a state, a gate."""
    GONE = "gone"
    """To or from a box that is no longer there."""
    SIDE = "side"
    """On the shorter of two ways into a merge, where that way has boxes of its own."""
    LOOP = "loop"
    """From a card to the box on its loop edge, or back."""


@dataclass(frozen=True)
class Box:
    """What is drawn of an op, a block, a border or a sign."""

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
    narrow: bool = False
    """Whether it is set as narrow as its text allows."""
    slim: bool = False
    """Whether its text is broken into more lines, so that it is narrower still."""
    holds: tuple[str, ...] = ()
    """Paths of the ops and blocks that it stands for, in running order."""
    formerly: str = ""
    """The title that a theme has put another in place of: `fields` or `aside` begins with it, not so of a port."""


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
    holds: tuple[str, ...] = ()
    """Paths of the blocks that it stands for, in running order: those of the copy that is shown come first."""

    @property
    def header(self) -> Box:
        """The box through which the panel's first input enters."""
        first = self.items[0]
        assert isinstance(first, Box)
        return first


@dataclass(frozen=True)
class Link:
    """A line from one box to another."""

    source: str
    target: str
    role: LinkRole
    label: str = ""
    """The shape that it carries."""
    names: str = ""
    """The port that it enters and the output that it leaves by, where there are several of these."""
    dashed: bool = False
    length: int = 1
    """The least number of ranks that it spans."""
    joins: bool = False
    """Whether all that reads it in its target adds it to something, multiplies the two or concatenates them."""

    @property
    def text(self) -> str:
        """All that is said beside it."""
        return DOT.join(part for part in (self.names, self.label) if part)

    @property
    def bypasses(self) -> bool:
        """Whether it goes past boxes that join its ends too."""
        return self.role in (LinkRole.SKIP, LinkRole.PAST)


@dataclass(frozen=True)
class Figure:
    """Boxes, panels and links, without positions."""

    name: str
    title: str
    counts: str
    items: tuple[Box | Panel, ...] = ()
    links: tuple[Link, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    tight: bool = False
    """Has little between its boxes: none for labels, which stand where there is room."""
    compact: bool = False
    """Shows single ops: set closer than cards."""
    stacked: bool = False
    """Its counts stand below the title, for a figure that is to be narrow."""
    legend: tuple[tuple[str, str], ...] = ()
    """Paints, each with what it stands for."""
    direction: Direction = "TB"
    palette: PaletteName = "paper"
    """The name of its colours."""
    places: tuple[tuple[str, Terrace], ...] = ()
    """By box where it stands, in a figure that is drawn at levels; every box has a place there."""
    cells: tuple[tuple[str, GridCell], ...] = ()
    """The same for a figure that is drawn in rows and columns."""
    paints: tuple[tuple[str, Paint], ...] = ()
    """Paints of its own, by name, beside the palette's."""
    hidden: tuple[str, ...] = ()
    """Paths that are not drawn: links run through them."""

    @cached_property
    def colours(self) -> Palette:
        """Its palette, with its own paints."""
        palette = PALETTES[self.palette]
        return replace(palette, paints={**palette.paints, **dict(self.paints)}) if self.paints else palette

    @property
    def is_placed(self) -> bool:
        """Whether it says itself where its boxes stand."""
        return bool(self.places or self.cells)

    def boxes(self) -> Iterator[Box]:
        """Every box, in running order."""
        return (item for item, _ in nested(self.items) if isinstance(item, Box))

    def panels(self) -> Iterator[Panel]:
        """Every panel, before those in it."""
        return (item for item, _ in nested(self.items) if isinstance(item, Panel))

    def narrowed(self) -> Figure:
        """The figure with all its boxes as narrow as their texts allow."""
        return replace(self, items=tuple(map(_narrowed, self.items)))

    def tightened(self) -> Figure:
        """The figure with its boxes closer to each other; as it is where it says itself where they stand."""
        return self if self.is_placed else replace(self, tight=True)

    def slimmed(self) -> Figure:
        """The same with the texts of its boxes broken, so that they are narrower still."""
        return self if self.is_placed else replace(self, items=tuple(map(_slimmed, self.items)), tight=True)

    def renamed(self, name: Callable[[str], str]) -> Figure:
        """The figure with each name as `name` changes it, wherever it stands."""
        return replace(
            self,
            items=tuple(_renamed(item, name) for item in self.items),
            rows=_rows(self.rows, name),
            places=tuple((name(each), place) for each, place in self.places),
            cells=tuple((name(each), cell) for each, cell in self.cells),
            links=tuple(replace(link, source=name(link.source), target=name(link.target)) for link in self.links),
        )


def _narrowed(item: Box | Panel) -> Box | Panel:
    if isinstance(item, Box):
        return replace(item, narrow=True)
    return replace(item, items=tuple(map(_narrowed, item.items)))


def _slimmed(item: Box | Panel) -> Box | Panel:
    if isinstance(item, Panel):
        return replace(item, items=tuple(map(_slimmed, item.items)))
    style = Style.TILE if item.style is Style.CARD else item.style
    return replace(item, style=style, narrow=True, slim=True)


def without_some(figure: Figure, optional: frozenset[str], cut: frozenset[str], varying: Mapping[str, str]) -> Figure:
    """The figure with what stands for these paths alone dashed, with the links of what is cut, and what varies with
    what is to be said of it."""

    def drawn(item: Box | Panel) -> Box | Panel:
        if isinstance(item, Panel):
            return replace(item, items=tuple(map(drawn, item.items)))
        fields = varying.get(item.name, item.fields) if item.style is Style.OP else item.fields
        return replace(
            item, fields=fields, dashed=item.dashed or (bool(item.holds) and optional.issuperset(item.holds))
        )

    if not optional:
        return figure
    items = tuple(map(drawn, figure.items))
    boxes = {item.name: item for item, _ in nested(items) if isinstance(item, Box)}
    passed = optional - cut
    dashed = {name for name, box in boxes.items() if box.dashed and not (box.holds and passed.issuperset(box.holds))}
    # a skip is led through a point beside the column
    leads = {link.source for link in figure.links if link.target in dashed and boxes[link.source].style is Style.TRACK}
    links = tuple(replace(link, dashed=link.dashed or _is_optional(link, dashed | leads)) for link in figure.links)
    return replace(figure, items=items, links=links)


def _is_optional(link: Link, dashed: Set[str]) -> bool:
    """Whether a link is there only where some boxes are: the column goes on without them."""
    ends = {link.source, link.target}
    return ends <= dashed or (link.role is not LinkRole.SPINE and not dashed.isdisjoint(ends))


def _renamed(item: Box | Panel, name: Callable[[str], str]) -> Box | Panel:
    if isinstance(item, Box):
        return replace(item, name=name(item.name), holds=tuple(map(name, item.holds)))
    items = tuple(_renamed(each, name) for each in item.items)
    holds = tuple(map(name, item.holds))
    return replace(item, name=name(item.name), items=items, rows=_rows(item.rows, name), holds=holds)


def _rows(rows: tuple[tuple[str, ...], ...], name: Callable[[str], str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(map(name, row)) for row in rows)


def nested(
    items: Iterable[Box | Panel], around: tuple[Panel, ...] = ()
) -> Iterator[tuple[Box | Panel, tuple[Panel, ...]]]:
    """Every box and panel in running order, each with the panels around it, outermost first."""
    for item in items:
        yield item, around
        if isinstance(item, Panel):
            yield from nested(item.items, (*around, item))
