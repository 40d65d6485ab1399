"""Which way links take: through the headers of panels, down the column, or in a lane beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace

from archdsl.figure.figure import Box, Link, LinkRole, Panel, Style, nested

Ends = tuple[str, str]


def through_headers(items: Sequence[Box | Panel], links: Sequence[Link]) -> list[Link]:
    """The links, those into a panel led through its header where they bring the panel's first input."""
    around = {item.name: panels for item, panels in nested(items) if isinstance(item, Box)}
    first: dict[str, str] = {}
    for link in links:
        for panel in _entered(around, link):
            first.setdefault(panel.name, link.source)
    routed: dict[Ends, Link] = {}
    for link in links:
        source, label = link.source, link.label
        for panel in _entered(around, link):
            if first[panel.name] == link.source:
                header = panel.header.name
                routed.setdefault((source, header), replace(link, source=source, target=header, label=label, names=""))
                source, label = header, ""
        routed.setdefault((source, link.target), replace(link, source=source, label=label))
    return list(routed.values())


def _entered(around: dict[str, tuple[Panel, ...]], link: Link) -> list[Panel]:
    """The panels that a link goes into, outermost first."""
    left = {panel.name for panel in around[link.source]}
    return [panel for panel in around[link.target] if panel.name not in left]


def merges(items: Sequence[Box | Panel]) -> set[str]:
    """The names of the boxes at which ways join as equals: a factor of a product is a gate."""
    boxes = (item for item, _ in nested(items) if isinstance(item, Box))
    return {box.name for box in boxes if box.style is Style.MERGE and box.title != "×"}


def with_roles(links: Sequence[Link], merging: set[str]) -> list[Link]:
    """The links with what each is: past boxes, beside them, down the column, or a branch."""
    sources: dict[str, list[str]] = {}
    for link in links:
        sources.setdefault(link.target, []).append(link.source)
    skips = _bypassed(sources)
    sides = _side_ways(links, sources, merging)
    spine = _spine(links, skips | sides)
    past = {(link.source, link.target) for link in links if not link.joins}
    roles = {
        **dict.fromkeys(spine, LinkRole.SPINE), **dict.fromkeys(sides, LinkRole.SIDE),
        **dict.fromkeys(skips, LinkRole.SKIP), **dict.fromkeys(skips & past, LinkRole.PAST),
    }  # fmt: skip
    found = [replace(link, role=roles.get((link.source, link.target), LinkRole.BRANCH)) for link in links]
    return [replace(link, label="") if _bends(link, sources) else link for link in found]


def said_at_outputs(
    outputs: Iterable[Box], links: Sequence[Link], shapes: Mapping[str, str], *, each: bool = False
) -> dict[str, Box]:
    """By name the outputs at the ends of a fan, or each of them, with its shape below its name.

    Most ways of a fan turn corners, so that a label would not stand beside them.
    """
    fanned = set(shapes) if each else {target for _, target in _fans(links)}
    known = fanned & shapes.keys()
    return {box.name: replace(box, counts=shapes[box.name]) for box in outputs if box.name in known}


def _bends(link: Link, sources: dict[str, list[str]]) -> bool:
    """Whether a link turns corners, so that a label would not stand beside it."""
    return link.role is LinkRole.SIDE or (link.role is LinkRole.BRANCH and len(sources[link.target]) > 1)


def _bypassed(sources: dict[str, list[str]]) -> set[Ends]:
    """The pairs that are also joined by way of other boxes."""
    above: dict[str, set[str]] = {}
    for name in sources:
        _collect(name, sources, above)
    return {
        (source, target)
        for target, found in sources.items()
        for source in found
        if any(source in above[other] for other in found if other != source)
    }


def _collect(name: str, sources: dict[str, list[str]], above: dict[str, set[str]]) -> None:
    """Fills in what is above a box; without recursion, for deep figures."""
    stack = [name]
    while stack:
        waiting = [source for source in sources.get(stack[-1], []) if source not in above]
        stack += waiting
        if not waiting:
            top = stack.pop()
            above[top] = set().union(*(above[source] | {source} for source in sources.get(top, [])))


def _side_ways(links: Sequence[Link], sources: dict[str, list[str]], merging: set[str]) -> set[Ends]:
    """The links of all but the longest way into a merge, up to where the ways part."""
    readers: dict[str, int] = {}
    for link in links:
        readers[link.source] = readers.get(link.source, 0) + 1
    found: set[Ends] = set()
    for merge in merging & sources.keys():
        ways = [_way_up(merge, source, sources, readers) for source in sources[merge]]
        longest = max(ways, key=len)
        starts = [way[-1][0] for way in ways]
        for way in ways:
            if way is not longest and len(way) > 1 and starts.count(way[-1][0]) > 1:
                found |= set(way)
    return found


def _way_up(merge: str, source: str, sources: dict[str, list[str]], readers: dict[str, int]) -> list[Ends]:
    """The links from a merge up to the box that something else reads too."""
    way = [(source, merge)]
    while readers[source] == 1 and len(sources.get(source, [])) == 1:
        above = sources[source][0]
        way.append((above, source))
        source = above
    return way


def _spine(links: Sequence[Link], others: set[Ends]) -> set[Ends]:
    """One way in and one way out of each box that hold the column: the first that is neither skip nor side.

    What enters and what leaves the figure stands beside the column where there is another way.
    """
    sources, targets = {link.source for link in links}, {link.target for link in links}
    inner = {(link.source, link.target) for link in links if link.source in targets and link.target in sources}
    fans = _fans(links, inner)
    outgoing: set[str] = set()
    incoming: set[str] = set()
    chosen = set()
    for link in sorted(links, key=lambda each: (each.source, each.target) not in inner):
        pair = (link.source, link.target)
        taken = link.source in outgoing or link.target in incoming
        if not taken and pair not in others | fans and not link.dashed:
            outgoing.add(link.source)
            incoming.add(link.target)
            chosen.add(pair)
    return chosen


def _fans(links: Sequence[Link], inner: Set[Ends] = frozenset()) -> set[Ends]:
    """The links of boxes that three or more read, or that read three or more: none of them is the column.

    It is one of them where that is the only one in the figure, and the others enter or leave it.
    """
    leaving: dict[str, list[Ends]] = {}
    entering: dict[str, list[Ends]] = {}
    for link in links:
        leaving.setdefault(link.source, []).append((link.source, link.target))
        entering.setdefault(link.target, []).append((link.source, link.target))
    fans: set[Ends] = set()
    for found in (*leaving.values(), *entering.values()):
        if len(found) > 2:
            own = inner & set(found)
            fans |= set(found) - (own if len(own) == 1 else set())
    return fans
