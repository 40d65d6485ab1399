"""Where the boxes of a pyramid stand, and how its links run."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

import archdsl
from archdsl.drawing.dot import dot_name
from archdsl.drawing.layout import Spot
from archdsl.drawing.painting import picture, placed, sheet
from archdsl.drawing.settle import LaidOut, way_key
from archdsl.figure.pyramids import ALL
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from tests.figure.test_pyramids import pyramid

GRAPHS = {
    "ops": lambda: pyramid(apart=True),
    "blocks": lambda: pyramid(apart=False),
    "resnet50_fpn": lambda: archdsl.graph("resnet50_fpn"),
    "fcos_resnet50_fpn": lambda: archdsl.graph("fcos_resnet50_fpn"),
}


def laid_out(graph: Graph) -> LaidOut:
    view = View(depth=1)
    return placed(sheet(graph, view), view)


@pytest.fixture(scope="module", params=GRAPHS)
def part(request: pytest.FixtureRequest) -> LaidOut:
    return laid_out(GRAPHS[request.param]())


def spot(part: LaidOut, name: str) -> Spot:
    return part.layout.boxes[dot_name(name)]


def test_rows_are_below_each_other_and_columns_beside(part: LaidOut) -> None:
    cells = part.figure.cells
    for (name, cell), (other, there) in combinations(cells, 2):
        if cell.row != there.row and ALL not in (cell.row, there.row):
            upper, lower = (name, other) if cell.row < there.row else (other, name)
            assert spot(part, upper).bottom < spot(part, lower).top
        if cell.column != there.column:
            left, right = (name, other) if cell.column < there.column else (other, name)
            assert spot(part, left).right < spot(part, right).left


def test_boxes_keep_apart(part: LaidOut) -> None:
    for one, other in combinations(part.layout.boxes.values(), 2):
        beside = one.right <= other.left or other.right <= one.left
        assert beside or one.bottom <= other.top or other.bottom <= one.top


def test_links_along_a_row_are_straight(part: LaidOut) -> None:
    cells = dict(part.figure.cells)
    rows = [link for link in part.figure.links
            if cells[link.source].row == cells[link.target].row != ALL and cells[link.source].column
            and cells[link.source].column != cells[link.target].column]  # fmt: skip
    assert rows
    for link in rows:
        way = part.layout.ways[way_key(link)]
        assert len({round(point.y, 2) for point in way.course}) == 1


def test_ways_begin_and_end_at_their_boxes_and_run_through_no_other(part: LaidOut) -> None:
    for link in part.figure.links:
        way = part.layout.ways[way_key(link)]
        for name, point in ((link.source, way.course[0]), (link.target, way.course[-1])):
            each = spot(part, name)
            assert each.left - 0.1 <= point.x <= each.right + 0.1
            assert each.top - 0.1 <= point.y <= each.bottom + 0.1
        for a, b in pairwise(way.course):
            for name, each in part.layout.boxes.items():
                inside = (
                    min(a.x, b.x) < each.right - 1 and max(a.x, b.x) > each.left + 1
                    and min(a.y, b.y) < each.bottom - 1 and max(a.y, b.y) > each.top + 1
                )  # fmt: skip
                assert not inside or name in map(dot_name, (link.source, link.target)), (link, name)


@pytest.mark.parametrize(("width", "across"), [("16:9", True), ("3.3in", False)])
def test_what_is_too_wide_for_its_page_runs_down(width: str, *, across: bool) -> None:
    graph = archdsl.graph("resnet50_fpn")
    drawn, column = (picture(graph, "svg", View(depth=1, width=width, terraced=terraced)) for terraced in (True, False))
    assert (drawn != column) is across
