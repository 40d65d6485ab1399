"""Where the boxes of a U stand, and how its links run."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Spot, Way
from archdsl.drawing.painting import picture, placed, sheet
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.figure import LinkRole
from archdsl.figure.slopes import Side
from archdsl.figure.view import View
from archdsl.formats import render
from tests.figure.building import u_network

NAMES = ("unet", "ddpm_cifar10", "ddpm_256")


@pytest.fixture(scope="module", params=NAMES)
def part(request: pytest.FixtureRequest) -> LaidOut:
    view = View(depth=1)
    return placed(sheet(archdsl.graph(request.param), view), view)


def spot(part: LaidOut, name: str) -> Spot:
    return part.layout.boxes[dot_name(name)]


def is_straight(way: Way) -> bool:
    return len({point.x for point in way.course}) == 1 or len({round(point.y, 3) for point in way.course}) == 1


def test_links_across_are_straight_but_at_the_bottom(part: LaidOut) -> None:
    lowest = max(place.row for place in dict(part.figure.places).values())
    skips = [link for link in part.figure.links if link.role is LinkRole.SKIP]
    assert skips
    for link in skips:
        if dict(part.figure.places)[link.source].row < lowest:
            assert spot(part, link.source).y == spot(part, link.target).y
            assert is_straight(part.layout.ways[way_key(link)])
        assert spot(part, link.source).right < spot(part, link.target).left


def test_each_level_is_lower_than_the_one_above(part: LaidOut) -> None:
    core = [(name, place) for name, place in part.figure.places if place.core]
    for name, place in core:
        for other, below in core:
            if place.row < below.row:
                assert spot(part, name).bottom < spot(part, other).top


def test_sides_are_columns_with_the_bottom_between_them(part: LaidOut) -> None:
    middles = {side: {spot(part, name).x for name, place in part.figure.places if place.side is side}
               for side in (Side.DOWN, Side.BOTTOM, Side.UP)}  # fmt: skip
    assert all(len(found) == 1 for found in middles.values())
    assert max(middles[Side.DOWN]) < max(middles[Side.BOTTOM]) < max(middles[Side.UP])


def test_ways_begin_and_end_at_their_boxes_and_run_through_no_other(part: LaidOut) -> None:
    boxes = part.layout.boxes
    for (source, target, _), way in part.layout.ways.items():
        for name, point in ((source, way.course[0]), (target, way.course[-1])):
            each = boxes[name]
            assert each.left - 0.1 <= point.x <= each.right + 0.1
            assert each.top - 0.1 <= point.y <= each.bottom + 0.1
        for a, b in zip(way.course, way.course[1:], strict=False):
            for name, each in boxes.items():
                inside = (
                    min(a.x, b.x) < each.right - 1 and max(a.x, b.x) > each.left + 1
                    and min(a.y, b.y) < each.bottom - 1 and max(a.y, b.y) > each.top + 1
                )  # fmt: skip
                assert not inside or name in (source, target), (source, target, name)


@pytest.mark.parametrize(("width", "across"), [("7in", True), ("3.3in", True), ("2.6in", False)])
def test_what_is_too_wide_for_its_page_runs_down(width: str, *, across: bool) -> None:
    drawn, column = (
        picture(u_network(), "svg", View(depth=1, width=width, terraced=terraced)) for terraced in (True, False)
    )
    assert not drawn[1]
    assert (drawn != column) is across


@pytest.mark.parametrize("format", ["dot", "mmd"])
def test_formats_that_others_lay_out_are_a_column(format: str) -> None:
    assert render(u_network(), format) == render(u_network(), format, View(terraced=False))
