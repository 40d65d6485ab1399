"""Ways that are led around what they should not meet."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from archdsl.drawing.detours import with_detours
from archdsl.drawing.layout import Layout, Point, Spot, Way
from archdsl.drawing.settle import LaidOut
from archdsl.drawing.streets import pieces
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style

COLUMN = {"a": Spot(100, 40, 80, 20), "b": Spot(100, 90, 80, 20), "c": Spot(100, 140, 80, 20)}
KEY = ("a", "c", "skip")


def led(points: Sequence[tuple[float, float]], beside: Spot | None = None, room: float = 10) -> Layout:
    """A column of three in a panel, with a way from the first to the last past the second."""
    boxes = {**COLUMN, **({"beside": beside} if beside is not None else {})}
    shown = tuple(Box(name, Style.OP, "conv", name) for name in COLUMN)
    others = tuple(Box(name, Style.OP, "conv", name) for name in boxes if name not in COLUMN)
    figure = Figure("f", "", "", (Panel("p", shown), *others), (Link("a", "c", LinkRole.SKIP),))
    *course, tip = (Point(*each) for each in points)
    layout = Layout(300, 200, boxes, {"p": Spot(100, 90, 80 + 2 * room, 150)}, {KEY: Way((*course, tip), tip, None)})
    return with_detours(LaidOut(figure, layout)).layout


def inside(layout: Layout) -> bool:
    panel, way = layout.panels["p"], layout.ways[KEY]
    return all(panel.left < x < panel.right and panel.top < y < panel.bottom for x, y in way.points)


@pytest.mark.parametrize(
    "points",
    [
        [(140, 40), (170, 40), (170, 140), (140, 140)],
        [(140, 40), (150, 40), (150, 140), (140, 140)],
        [(100, 30), (100, 5), (30, 5), (30, 140), (60, 140)],
    ],
    ids=["outside", "on the border", "above"],
)
def test_a_panel_holds_the_ways_between_its_boxes(points: list[tuple[float, float]]) -> None:
    layout = led(points)
    assert inside(layout)
    assert layout.panels["p"].left >= 0
    assert layout.panels["p"].right <= layout.width


def test_a_way_leaves_the_box_that_it_runs_through() -> None:
    layout = led([(100, 50), (100, 130)])
    middle = layout.boxes["b"]
    for piece in pieces(layout.ways[KEY].points):
        x, y = (piece.at, piece.low) if piece.down else (piece.low, piece.at)
        assert not (piece.down and middle.left < x < middle.right and y < middle.top)
    assert inside(layout)


def test_what_stands_beside_a_panel_makes_room() -> None:
    layout = led([(140, 40), (170, 40), (170, 140), (140, 140)], beside=Spot(170, 90, 30, 20))
    assert layout.boxes["beside"].left > layout.panels["p"].right


def test_a_way_that_meets_nothing_stays() -> None:
    layout = led([(140, 40), (160, 40), (160, 140), (140, 140)], room=40)
    assert [x for x, _ in layout.ways[KEY].points] == [140, 160, 160, 140]


def test_an_arrow_head_ends_at_its_box() -> None:
    way = led([(100, 50), (100, 130)]).ways[KEY]
    assert way.tip is not None
    assert way.tip.x in (60, 140) or way.tip.y == 130
