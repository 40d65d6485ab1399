"""What becomes of a figure whose boxes stand at levels: its ports have places, and links across are skips."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from archdsl.figure.boxes import JOINED
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.pyramids import ALL, GridCell
from archdsl.figure.slopes import Side, Terrace
from archdsl.words.naming import DOT
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
    """A narrow box; of a title of several parts blocks may stand below each other, and ops do."""
    if isinstance(item, Panel):
        return item
    title, _, rest = item.title.partition(DOT)
    lines = (rest, *item.lines) if rest else item.lines
    return replace(item, narrow=True, title=title.replace(JOINED, f" +{SPACE}"), lines=lines)


def tiled(figure: Figure) -> Figure:
    """A U with tiles for its cards, for a narrow page; any other figure as it is."""
    if not figure.places:
        return figure
    items = (replace(item, style=Style.TILE) if isinstance(item, Box) and item.style is Style.CARD else item
             for item in figure.items)  # fmt: skip
    return replace(figure, items=tuple(items))


def _ports(figure: Figure, places: Mapping[str, Terrace]) -> dict[str, Terrace]:
    """The places of what enters and what leaves: at the ends of both sides, else beside them."""
    found = {}
    for box in figure.boxes():
        if box.name not in places:
            read = [link.target for link in figure.links if link.source == box.name]
            made = [link.source for link in figure.links if link.target == box.name]
            ends = {places[name] for name in (*read, *made) if _is_end(name, bool(read), figure, places)}
            across = [places[name].row for name in read if name in places and places[name].side is Side.UP]
            end = ends.pop() if len(ends) == 1 and len(read or made) == 1 + len(across) else None
            if end is not None and across:
                end = end._replace(row=min(end.row, *across))
            beside = Terrace(Side.BESIDE, 0 if read else places[made[0]].row if made else 0, False)
            found[box.name] = end._replace(core=False) if end is not None else beside
    return found


def _is_end(name: str, first: bool, figure: Figure, places: Mapping[str, Terrace]) -> bool:
    """Whether a box is what a side begins with, or what the other one ends with."""
    side = Side.DOWN if first else Side.UP
    if name not in places or places[name].side is Side.BESIDE:
        return name in places
    near = {link.source if first else link.target for link in figure.links
            if name == (link.target if first else link.source)}  # fmt: skip
    return places[name].side is side and not any(each in places and places[each].side is side for each in near)


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
    tiled = isinstance(item, Box) and item.style is Style.CARD and not item.lines
    small = _narrow(item)
    return replace(small, style=Style.TILE) if isinstance(small, Box) and tiled else small
