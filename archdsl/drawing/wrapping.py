"""A figure that is higher than its page, or wider where it runs to the right, goes on beside or below."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from archdsl.drawing.dot import LABEL, dot_name, label_text
from archdsl.drawing.layout import Layout, Point, Spot, Way
from archdsl.drawing.metrics import text_width
from archdsl.drawing.packing import GAP, Size
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import Figure, Link

TURN: Final = 14.0
"""Points that a way goes on behind a box before it turns to the next stretch, and as many before the next box."""
EDGE: Final = 2.0
"""Points below all."""
NEAR: Final = 0.1


class Break(NamedTuple):
    """A place between two boxes where one link crosses, and no more."""

    at: float
    link: Link


def wrapped(part: LaidOut, room: Size) -> LaidOut:
    """The figure in stretches that fit into the room; as it is where it fits, or where nothing can be cut, as a U."""
    figure, layout = part
    if figure.is_placed:
        return part
    if figure.direction == "TB":
        found = _wrapped(figure, layout, room[1])
        return LaidOut(figure, found if found.width <= room[0] else layout)
    turned = _transposed(_wrapped(figure, _transposed(replace(layout, title=None)), room[0]))
    title = layout.title and replace(layout.title, x=max(turned.width, layout.title.width) / 2)
    return LaidOut(figure, replace(turned, title=title, width=max(turned.width, title.width if title else 0)))


def _wrapped(figure: Figure, layout: Layout, most: float) -> Layout:
    if layout.height <= most:
        return layout
    cuts = list(_chosen(list(_cuts(figure, layout)), layout, most))
    return _beside(figure, layout, cuts) if cuts else layout


def _chosen(cuts: Sequence[Break], layout: Layout, most: float) -> Iterator[Break]:
    """The last cut of each stretch that fits, so that stretches are about as long as each other."""
    number = -(-layout.height // most)
    share = min(most, layout.height / number + 2 * TURN)
    start = 0.0
    while layout.height - start > most:
        found = [cut for cut in cuts if start + most / 4 < cut.at <= start + most - 2 * TURN]
        if not found:
            return
        near = [cut for cut in found if cut.at <= start + share] or found[:1]
        yield near[-1]
        start = near[-1].at - 2 * TURN


def _cuts(figure: Figure, layout: Layout) -> Iterator[Break]:
    """Between boxes of the column, where a single link goes straight down."""
    spots = [*layout.boxes.values(), *layout.panels.values(), *([layout.title] if layout.title is not None else [])]
    taken = sorted((spot.top, spot.bottom) for spot in spots)
    end = taken[0][1]
    for top, bottom in taken:
        if top > end + NEAR:
            crossing = [link for link in figure.links if _crosses(layout.ways[way_key(link)], (end + top) / 2)]
            if len(crossing) == 1 and _is_straight(layout.ways[way_key(crossing[0])]):
                yield Break((end + top) / 2, crossing[0])
        end = max(end, bottom)


def _crosses(way: Way, at: float) -> bool:
    return min(point.y for point in way.course) < at < max(point.y for point in way.course)


def _is_straight(way: Way) -> bool:
    first, *others = way.course
    return all(abs(point.x - first.x) < NEAR for point in others) and way.course[-1].y > first.y


def _beside(figure: Figure, layout: Layout, cuts: Sequence[Break]) -> Layout:
    """Each stretch behind a cut moved up to the right of the one before."""
    top = layout.title.bottom + TURN if layout.title is not None else TURN
    starts = [0.0, *(cut.at for cut in cuts)]
    ends = [*starts[1:], layout.height]
    stretches = [_Stretch(layout, figure, start, end) for start, end in zip(starts, ends, strict=True)]
    moved = []
    left = 0.0
    for number, stretch in enumerate(stretches):
        across = left - stretch.left if number else 0.0
        down = top + TURN - stretch.top if number else 0.0
        moved.append((across, down))
        left = stretch.right + across + GAP
    return _put(figure, layout, cuts, stretches, moved)


class _Stretch:
    """What stands between two cuts."""

    def __init__(self, layout: Layout, figure: Figure, start: float, end: float) -> None:
        self._start, self._end = start, end
        spots = [spot for spot in (*layout.boxes.values(), *layout.panels.values()) if self.holds(spot.y)]
        ways = [layout.ways[way_key(link)] for link in figure.links]
        inside = [way for way in ways if all(self.holds(point.y) for point in way.course)]
        points = [point for way in inside for point in way.course]
        texts = [
            way.label.x + text_width(label_text(link.text), LABEL) / 2
            for link, way in zip(figure.links, ways, strict=True)
            if way.label is not None and self.holds(way.course[0].y)
        ]
        title = [layout.title] if layout.title is not None and self.holds(layout.title.y) else []
        self.left = min([*(spot.left for spot in (*spots, *title)), *(point.x for point in points)])
        self.right = max([*(spot.right for spot in (*spots, *title)), *(point.x for point in points), *texts])
        self.top = min(spot.top for spot in spots)

    def holds(self, y: float) -> bool:
        """Whether what is so far down belongs to it."""
        return self._start <= y < self._end


def _put(
    figure: Figure, layout: Layout, cuts: Sequence[Break], stretches: Sequence[_Stretch], moved: Sequence[Size]
) -> Layout:
    def shift(y: float) -> Size:
        return next(each for stretch, each in zip(stretches, moved, strict=True) if stretch.holds(y))

    boxes = {name: spot.moved(*shift(spot.y)) for name, spot in layout.boxes.items()}
    panels = {name: spot.moved(*shift(spot.y)) for name, spot in layout.panels.items()}
    ways = {}
    for link in figure.links:
        way = layout.ways[way_key(link)]
        across, down = shift(way.course[0].y)
        ways[way_key(link)] = _moved(way, across, down)
    for cut, stretch, (across, _) in zip(cuts, stretches, moved, strict=False):
        between = stretch.right + across + GAP / 2
        ways[way_key(cut.link)] = _turned(cut.link, layout, boxes, between)
    spots = [*boxes.values(), *panels.values()]
    points = [point for way in ways.values() for point in way.course]
    width = max([*(spot.right for spot in spots), *(point.x for point in points), stretches[-1].right + moved[-1][0]])
    height = max([*(spot.bottom for spot in spots), *(point.y for point in points)])
    width = max(width, layout.title.right if layout.title is not None else 0)
    return replace(layout, width=width, height=height + EDGE, boxes=boxes, panels=panels, ways=ways)


def _moved(way: Way, x: float, y: float) -> Way:
    return way.mapped(lambda point: point.moved(x, y))


def _turned(link: Link, layout: Layout, boxes: Mapping[str, Spot], between: float) -> Way:
    """The way of a link to the next stretch: down behind its box, up between the stretches, down to the next box."""
    old = layout.ways[way_key(link)]
    source, target = boxes[dot_name(link.source)], boxes[dot_name(link.target)]
    x_from = source.x + old.course[0].x - layout.boxes[dot_name(link.source)].x
    x_to = target.x + old.course[-1].x - layout.boxes[dot_name(link.target)].x
    head = old.course[-1].y - old.points[-1].y
    below, above = source.bottom + TURN, target.top - TURN
    points = (
        Point(x_from, source.bottom), Point(x_from, below), Point(between, below), Point(between, above),
        Point(x_to, above), Point(x_to, target.top - head),
    )  # fmt: skip
    tip = Point(x_to, target.top) if old.tip is not None else None
    label = old.label and Point(x_from + old.label.x - old.course[0].x, source.bottom + TURN / 2)
    return Way(points, tip, label)


def _transposed(layout: Layout) -> Layout:
    """Across for down."""
    turned = layout.mapped(
        lambda spot: Spot(spot.y, spot.x, spot.height, spot.width), lambda point: Point(point.y, point.x)
    )
    return replace(turned, width=layout.height, height=layout.width)
