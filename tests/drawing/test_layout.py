"""What Graphviz tells of a layout, read and written again."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from archdsl.drawing.dot import dot_source
from archdsl.drawing.labels import with_labels
from archdsl.drawing.layout import Layout, Point, Spot, Way, bends, box_attributes, corners, read_layout, way_attributes
from archdsl.drawing.rendering import lay_out, pictures
from archdsl.drawing.settle import LaidOut, settled, way_key
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from tests.figure.building import residual_network

LAID = {
    "bb": "0,0,100,200",
    "lp": "50,190",
    "lwidth": "1",
    "lheight": "0.25",
    "_subgraph_cnt": 1,
    "objects": [
        {"name": "cluster p", "bb": "10,20,90,120"},
        {"name": "a", "pos": "50,150", "width": "0.5", "height": "0.25"},
        {"name": "b", "pos": "50,50", "width": "1", "height": "0.5"},
    ],
    "edges": [
        {"tail": 1, "head": 2, "class": "spine", "pos": "e,50,68 50,141 50,141 50,75 50,75", "lp": "60,100"},
        {"tail": 1, "head": 2, "pos": "50,1 50,1 50,2 50,2", "style": "invis"},
    ],
}


def test_a_layout_counts_from_the_top_left() -> None:
    made = read_layout(json.dumps(LAID))
    assert (made.width, made.height) == (100, 200)
    assert made.boxes == {"a": Spot(50, 50, 36, 18), "b": Spot(50, 150, 72, 36)}
    assert made.panels == {"p": Spot(50, 130, 80, 100)}
    assert made.title == Spot(50, 10, 72, 18)
    way = Way((Point(50, 59), Point(50, 125)), Point(50, 132), Point(60, 100))
    assert made.ways == {("a", "b", "spine"): way}, "without the edge that only keeps order"


def test_what_is_written_is_what_was_read() -> None:
    made = read_layout(json.dumps(LAID))
    assert corners(made.panels["p"]) == "10,-180,90,-80"
    assert box_attributes(made.boxes["b"]) == {"pos": "50,-150", "width": "1", "height": "0.5"}
    assert way_attributes(made.ways["a", "b", "spine"]) == {
        "pos": "e,50,-132 50,-59 50,-59 50,-125 50,-125",
        "lp": "60,-100",
    }


def test_moving_moves_everything() -> None:
    moved = read_layout(json.dumps(LAID)).moved(10, 5)
    assert moved.boxes["a"] == Spot(60, 55, 36, 18)
    assert moved.panels["p"].top == 85
    assert moved.title == Spot(60, 15, 72, 18)
    assert moved.ways["a", "b", "spine"].tip == Point(60, 137)


COORDINATES = st.tuples(st.integers(0, 14), st.integers(0, 14)).map(lambda each: Point(*each))
"""A grid so small that what is not on a straight way is further from it than what counts as near."""


@given(st.lists(COORDINATES, min_size=2, max_size=12))
def test_bends_keep_the_ends_and_every_corner(points: list[Point]) -> None:
    kept = bends(points)
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert set(kept) <= set(points)
    assert len(bends(kept)) == len(kept)


def test_a_straight_way_has_no_bends() -> None:
    assert bends([Point(0, 0), Point(0, 0), Point(0, 5), Point(0, 9)]) == (Point(0, 0), Point(0, 9))
    corner = [Point(0, 0), Point(0, 5), Point(7, 5)]
    assert bends(corner) == tuple(corner)


def test_a_way_that_turns_back_keeps_the_place() -> None:
    assert bends([Point(1, 0), Point(2, 0), Point(1, 0), Point(0, 0)]) == (Point(1, 0), Point(2, 0), Point(0, 0))


def test_the_picture_stands_where_the_layout_says() -> None:
    figure = outline(residual_network(), View(depth=2))
    (layout,) = lay_out([dot_source(figure)])
    part = with_labels(settled(figure, layout))
    (data,) = pictures([dot_source(*part)], "json0")
    again = read_layout(data)
    assert again.boxes.keys() == part.layout.boxes.keys() & again.boxes.keys()
    offsets = {
        (round(spot.x - part.layout.boxes[name].x), round(spot.y - part.layout.boxes[name].y))
        for name, spot in again.boxes.items()
    }
    assert len(offsets) == 1, "the whole picture may be moved, nothing in it"


# -- labels


def labelled(ways: dict[tuple[str, str, str], Way], boxes: dict[str, Spot]) -> LaidOut:
    figure = outline(residual_network(), View(depth=1))
    links = figure.links[: len(ways)]
    known = {way_key(link): way for link, way in zip(links, ways.values(), strict=True)}
    return with_labels(
        LaidOut(replace(figure, items=(), links=links), Layout(500, 500, boxes, {}, known, None)),
    )


def test_a_label_that_is_crossed_moves_beside_its_way() -> None:
    own = Way((Point(100, 0), Point(100, 100)), None, Point(120, 50))
    crossing = Way((Point(118, 0), Point(118, 60)), None, None)
    before = labelled({("a", "b", "spine"): own}, {})
    assert next(iter(before.layout.ways.values())).label == Point(120, 50), "it stays where nothing is in its way"
    after = labelled({("a", "b", "spine"): own, ("c", "d", "skip"): crossing}, {})
    place = next(iter(after.layout.ways.values())).label
    assert place is not None
    assert place != Point(120, 50)


def test_a_label_without_room_is_left_out() -> None:
    short = Way((Point(100, 0), Point(100, 5)), None, Point(100, 2))
    (link,) = labelled({("a", "b", "spine"): short}, {}).figure.links
    assert link.label == ""
