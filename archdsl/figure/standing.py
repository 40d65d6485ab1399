"""What becomes of a figure whose boxes stand at levels: its ports have places, and links across are skips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archdsl.figure.boxes import JOINED
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.pyramids import ALL, GridCell
from archdsl.figure.slopes import Side, Terrace
from archdsl.words.quantities import SPACE


def standing(figure: Figure, places: Mapping[str, Terrace]) -> Figure:
    """The figure with a place for every box, its ports included."""
    found = {**places, **_ports(figure, places)}
    said: set[tuple[str, str]] = set()
    links = []
    for link in figure.links:
        key = link.source, link.names
        links.append(_standing(link if key not in said else replace(link, names=""), found))
        said.add(key)
    return replace(figure, items=tuple(map(_narrow, figure.items)), links=tuple(links), places=tuple(found.items()))


def _narrow(item: Box | Panel) -> Box | Panel:
    """A narrow box, whose title may be broken between its parts."""
    return replace(item, narrow=True, title=item.title.replace(JOINED, f" +{SPACE}")) if isinstance(item, Box) else item


def _ports(figure: Figure, places: Mapping[str, Terrace]) -> dict[str, Terrace]:
    """The places of what enters and what leaves: with what reads it alone, or what it is of, where that is an end."""
    found = {}
    for box in figure.boxes():
        if box.name not in places:
            ends = {link.target for link in figure.links if link.source == box.name}
            ends |= {link.source for link in figure.links if link.target == box.name}
            around = [places[end] for end in ends if end in places]
            alone = len(around) == 1 and around[0].row == 0
            found[box.name] = Terrace(around[0].side if alone else Side.BESIDE, around[0].row if around else 0, False)
    return found


def _standing(link: Link, places: Mapping[str, Terrace]) -> Link:
    """A link across is a skip; where it and the way up arrive says which port each comes to."""
    sides = places[link.source].side, places[link.target].side
    if Side.BESIDE in sides:
        return link
    return replace(link, names="", role=LinkRole.SKIP if sides == (Side.DOWN, Side.UP) else link.role)


def in_cells(figure: Figure, cells: Mapping[str, GridCell]) -> Figure:
    """The figure in rows and columns: what enters stands below the backbone, what leaves behind its box."""
    found = dict(cells)
    lowest = max(cell.row for cell in cells.values())
    for link in figure.links:
        if link.target not in found:
            source = found.get(link.source, GridCell(0, lowest))
            found[link.target] = GridCell(source.column + 1, source.row)
    places = tuple((box.name, found.get(box.name, GridCell(0, lowest))) for box in figure.boxes())
    rows = {name: cell.row for name, cell in places}
    links = (
        link if ALL in (rows[link.source], rows[link.target]) else replace(link, names="") for link in figure.links
    )
    return replace(figure, items=tuple(map(_small, figure.items)), links=tuple(links), cells=places)


def _small(item: Box | Panel) -> Box | Panel:
    """A narrow card; a tile where it has few words."""
    small = _narrow(item)
    tiled = isinstance(small, Box) and small.style is Style.CARD and not small.lines
    return replace(small, style=Style.TILE) if isinstance(small, Box) and tiled else small
