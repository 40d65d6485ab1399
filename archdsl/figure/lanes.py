"""Puts boxes beside each other: the heads of branches, and skips into lanes of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style, nested
from archdsl.figure.scans import loop_boxes, loop_links
from archdsl.figure.view import Direction

BoxRow = tuple[str, ...]
T = TypeVar("T")


def with_lanes(figure: Figure) -> Figure:
    """The figure with a dot where a skip leaves a merge, a lane for each skip, branches in rows, and loop edges."""
    return _with_rows(_with_loops(_with_tracks(_with_forks(figure))))


def turned(figure: Figure, direction: Direction) -> Figure:
    """The figure running down, as it is made, or to the right, with cards that are narrow."""

    def narrow(item: Box | Panel) -> Box | Panel:
        if isinstance(item, Panel):
            return replace(item, items=tuple(map(narrow, item.items)))
        return replace(item, style=Style.TILE) if item.style is Style.CARD else item

    if direction == "TB":
        return figure
    return replace(figure, items=tuple(map(narrow, figure.items)), direction=direction)


def _with_forks(figure: Figure) -> Figure:
    """A dot below each merge that a skip begins at, so that it does not leave where another arrives."""
    home = _homes(figure)
    circles = {box.name for box in figure.boxes() if box.style is Style.MERGE}
    begins = dict.fromkeys(link.source for link in figure.links if link.bypasses)
    forks = {source: Box(f"{source} fork", Style.FORK, "block", "") for source in begins if source in circles}
    boxes = _by_home((home[source], fork) for source, fork in forks.items())
    links: list[Link] = []
    for link in figure.links:
        fork = forks.get(link.source)
        stem = Link(link.source, fork.name, LinkRole.SPINE) if fork is not None else None
        if stem is not None and stem not in links:
            links.append(stem)
        links.append(replace(link, source=fork.name) if fork is not None else link)
    return _extended(replace(figure, links=tuple(links)), boxes, {})


def _with_tracks(figure: Figure) -> Figure:
    """A point that each skip is led through, in the rank of a wide box that it passes.

    No box stands above or below a point without a way round, so the skip runs straight beside the column.
    """
    home = _homes(figure)
    above = {link.target: link.source for link in figure.links if link.role is LinkRole.SPINE}
    beside = {link.target: link.source for link in figure.links if link.role is LinkRole.BRANCH}
    loops = {box.name for box in figure.boxes() if box.carries}
    cards = {box.name for box in figure.boxes() if box.style is Style.CARD}
    tracks: list[tuple[str, Box]] = []
    links: list[Link] = []
    for link in figure.links:
        passed = _passed(link, above) if link.bypasses else []
        if not passed and link.bypasses:
            # past a card with a loop edge, a skip without a lane would cross that edge
            around = _passed(link, beside | above)
            passed = around if loops & set(around) else []
        if not passed:
            links.append(link)
            continue
        track = Box(f"{link.source} to {link.target}", Style.TRACK, "block", "")
        tracks.append((home[link.target], track))
        place = _widest([home[name] != home[link.target] or name in cards for name in passed])
        links.append(replace(link, target=track.name, length=len(passed) - place))
        links.append(replace(link, source=track.name, label="", names="", length=place + 1))
    return _extended(replace(figure, links=tuple(links)), _by_home(tracks), {})


def _passed(link: Link, above: Mapping[str, str]) -> list[str]:
    """The boxes of the column between the ends of a skip, from below; none where it does not join them."""
    passed: list[str] = []
    name = above.get(link.target)
    while name is not None and name != link.source:
        passed.append(name)
        name = above.get(name)
    return passed if name is not None else []


def _widest(wide: Sequence[bool]) -> int:
    """The place of the middle box of the wide ones, or of all."""
    places = [place for place, is_wide in enumerate(wide) if is_wide] or list(range(len(wide)))
    return places[len(places) // 2]


def _with_rows(figure: Figure) -> Figure:
    """The boxes that read one box side by side, and nothing else, stand in a row; loop edges right of their cards."""
    home = _homes(figure)
    readers: dict[str, list[str]] = defaultdict(list)
    sources: dict[str, int] = defaultdict(int)
    for link in (each for each in figure.links if each.role is not LinkRole.LOOP):
        sources[link.target] += 1
        if not link.bypasses:
            readers[link.source].append(link.target)
    spine = {link.target for link in figure.links if link.role is LinkRole.SPINE}
    rows: list[tuple[str, BoxRow]] = []
    for found in readers.values():
        heads = tuple(name for name in found if sources[name] == 1 and home[name] == home[found[0]])
        heads = tuple(sorted(heads, key=spine.__contains__, reverse=True))
        if len(heads) > 1:
            rows.append((home[heads[0]], heads))
    loops = {name: loop.name for name, loop in loop_boxes(figure.boxes())}
    standing = {name for _, row in rows for name in row}
    rows += [(home[name], (name,)) for name in loops if name not in standing]
    rows = [(panel, tuple(each for name in row for each in _beside(name, loops))) for panel, row in rows]
    return _extended(figure, {}, _by_home(rows))


def _beside(name: str, loops: Mapping[str, str]) -> BoxRow:
    return (name, loops[name]) if name in loops else (name,)


def _with_loops(figure: Figure) -> Figure:
    """A box on the loop edge of each card that passes something on to its next step."""
    home = _homes(figure)
    loops = list(loop_boxes(figure.boxes()))
    links = (link for name, loop in loops for link in loop_links(name, loop))
    return _extended(
        replace(figure, links=(*figure.links, *links)), _by_home((home[name], loop) for name, loop in loops), {}
    )


def _homes(figure: Figure) -> dict[str, str]:
    """By box the name of its panel; the figure's own is empty."""
    found = nested(figure.items)
    return {item.name: panels[-1].name if panels else "" for item, panels in found if isinstance(item, Box)}


def _by_home(found: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    grouped: dict[str, list[T]] = defaultdict(list)
    for panel, each in found:
        grouped[panel].append(each)
    return grouped


def _extended(figure: Figure, boxes: Mapping[str, Sequence[Box]], rows: Mapping[str, Sequence[BoxRow]]) -> Figure:
    """The figure with more boxes and rows, by the panel that they go into."""

    def grown(items: tuple[Box | Panel, ...], panel: str) -> tuple[Box | Panel, ...]:
        inner = (each if isinstance(each, Box) else opened(each) for each in items)
        return (*inner, *boxes.get(panel, ()))

    def opened(panel: Panel) -> Panel:
        more = tuple(rows.get(panel.name, ()))
        return replace(panel, items=grown(panel.items, panel.name), rows=panel.rows + more)

    return replace(figure, items=grown(figure.items, ""), rows=figure.rows + tuple(rows.get("", ())))
