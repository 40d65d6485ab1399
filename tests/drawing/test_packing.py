"""Where figures stand beside each other: never one on another, in columns where that costs little."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from archdsl.drawing.layout import Spot
from archdsl.drawing.packing import GAIN, GAP, Size, Skyline, _columns, _in_columns, _needed, packed

SIZES = st.lists(st.tuples(st.floats(10, 900), st.floats(10, 900)), min_size=1, max_size=9)
ASPECTS = st.sampled_from([1.4, 1 / 1.4])


def assert_apart(sizes: list[Size], places: list[Size]) -> None:
    areas = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(places, sizes, strict=True)]
    for one, other in combinations(areas, 2):
        gaps = one[0] - other[2], other[0] - one[2], one[1] - other[3], other[1] - one[3]
        assert max(gaps) >= GAP - 1e-6


@given(SIZES, ASPECTS)
def test_rectangles_stand_apart_and_the_first_at_the_top_left(sizes: list[Size], aspect: float) -> None:
    places = packed(sizes, aspect)
    assert places[0] == (0, 0)
    assert_apart(sizes, places)


@given(SIZES, ASPECTS)
def test_columns_are_left_for_a_much_smaller_page_alone(sizes: list[Size], aspect: float) -> None:
    columns, places = _columns(sizes, aspect), packed(sizes, aspect)
    assert columns == sorted(columns), "down each column, then the next"
    assert_apart(sizes, columns)
    assert places == columns or _needed(sizes, places, aspect) < GAIN * _needed(sizes, columns, aspect)


def test_a_column_is_filled_before_the_next_begins() -> None:
    assert _in_columns([(100, 300), (50, 100), (60, 150), (80, 200)], 320) == [
        (0, 0),
        (100 + GAP, 0),
        (100 + GAP, 100 + GAP),
        (160 + 2 * GAP, 0),
    ]


def test_room_below_a_wide_overview_is_used() -> None:
    places = packed([(800, 300), (180, 260), (180, 260), (180, 260), (180, 260)], 1.4)
    assert places[1:] == [(number * (180 + GAP), 300 + GAP) for number in range(4)]


@given(st.lists(st.tuples(st.integers(10, 300), st.integers(10, 200)), min_size=1, max_size=25))
def test_rectangles_are_placed_apart(sizes: list[tuple[int, int]]) -> None:
    line = Skyline(400, 600)
    spots = []
    for width, height in sizes:
        place = line.place((width, height))
        if place is not None:
            left, top = place
            spots.append(Spot(left + width / 2, top + height / 2, width, height))
    assert spots
    for spot in spots:
        assert spot.left >= 0 and spot.right <= 400.1 and spot.top >= 0 and spot.bottom <= 600.1
    for one, other in combinations(spots, 2):
        assert one.right <= other.left or other.right <= one.left or one.bottom <= other.top or other.bottom <= one.top
