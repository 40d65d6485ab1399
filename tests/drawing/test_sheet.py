"""Overview and details on one sheet: which blocks get a panel, and where they stand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.drawing.dot import dot_name
from archdsl.drawing.painting import placed, sheet
from archdsl.drawing.sheet import GAP, _columns, _in_columns
from archdsl.figure.distinct import MOST, distinct_blocks
from archdsl.figure.figure import Panel, Style
from archdsl.figure.paths import block_at
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Node, Scope
from tests.figure.building import SMALL, residual_network


def found(name: str) -> list[tuple[str, int, int]]:
    return [(each.scope.path, each.level, each.alike) for each in distinct_blocks(archdsl.graph(name))]


def test_blocks_with_other_ops_are_distinct_and_sizes_do_not_count() -> None:
    assert found("resnet50") == [("layer1.0", 0, 3), ("layer1.1", 0, 11)]


def test_a_block_is_followed_by_those_in_it_and_all_are_counted() -> None:
    assert found("swin_t") == [
        ("features.1.0", 0, 11),
        ("features.1.0.attn", 1, 5),
        ("features.1.1.attn", 1, 5),
    ]


def test_a_block_with_more_in_it_is_distinct() -> None:
    """The first block of the second stage widens its input first; that of the first stage does not."""
    assert ("features.1.0", 0, 0) in found("efficientnet_b0")
    assert ("features.2.0", 0, 5) in found("efficientnet_b0")


def test_variants_of_a_block_are_told_apart() -> None:
    graph = archdsl.graph("resnet50")
    assert [each.variant for each in distinct_blocks(graph)] == ["with downsample", "without downsample"]
    assert [figure.title for figure in sheet(graph, View())[1:]] == [
        "Bottleneck, with downsample",
        "Bottleneck, without downsample",
    ]
    assert [each.variant for each in distinct_blocks(archdsl.graph("mobilenet_v2"))] == ["without skip", "with skip"]


def test_how_often_a_block_repeats_makes_no_difference() -> None:
    counts = {path: alike for path, _, alike in found("densenet121")}
    assert counts == {"features.denseblock1.denselayer1": 57}


def test_a_network_without_blocks_is_its_overview_alone() -> None:
    assert found("vgg16") == []
    assert len(sheet(archdsl.graph("vgg16"), View())) == 1


def test_a_block_around_everything_gets_no_panel() -> None:
    assert "model" not in {path for path, _, _ in found("llama_2_7b")}


@pytest.mark.parametrize(
    ("name", "chains"),
    [("resnet50", set()), ("swin_t", {"patch_merging", "mlp"}), ("inception_v3", {"conv"}), ("unet", set())],
)
def test_every_block_but_short_chains_has_a_panel(name: str, chains: set[str]) -> None:
    graph = archdsl.graph(name)
    distinct = distinct_blocks(graph)
    assert 0 < len(distinct) < MOST
    panels = {each.scope.block for each in distinct}
    cards = [box for figure in sheet(graph, View()) for box in figure.boxes() if box.style is Style.CARD]
    held = [block_at(graph, path) for box in cards for path in box.holds if is_block(graph, path)]
    assert {scope.block for scope in held} == panels | chains, "a short chain is told by its card"


def is_block(graph: Graph, path: str) -> bool:
    found: Node | Scope | None = graph.root
    for part in path.split("."):
        found = found.children.get(part) if isinstance(found, Scope) else None
    return isinstance(found, Scope) and found.block is not None


# -- where they stand


SIZES = st.lists(st.tuples(st.floats(10, 900), st.floats(10, 900)), min_size=1, max_size=9)


@given(SIZES, st.sampled_from([1.4, 1 / 1.4]))
def test_rectangles_stand_apart_and_in_order(sizes: list[tuple[float, float]], aspect: float) -> None:
    places = _columns(sizes, aspect)
    assert places[0] == (0, 0)
    assert places == sorted(places), "down each column, then the next"
    areas = [(x, y, x + width, y + height) for (x, y), (width, height) in zip(places, sizes, strict=True)]
    for i, (left, top, right, bottom) in enumerate(areas):
        for other_left, other_top, other_right, other_bottom in areas[:i]:
            apart = left - other_right, other_left - right, top - other_bottom, other_top - bottom
            assert max(apart) >= GAP - 1e-6


def test_a_column_is_filled_before_the_next_begins() -> None:
    assert _in_columns([(100, 300), (50, 100), (60, 150), (80, 200)], 320) == [
        (0, 0),
        (100 + GAP, 0),
        (100 + GAP, 100 + GAP),
        (160 + 2 * GAP, 0),
    ]


def test_a_sheet_is_one_figure_whose_names_are_unique() -> None:
    graph = archdsl.graph("swin_t")
    figures = sheet(graph, View())
    figure, layout = placed(figures, View())
    names = [dot_name(box.name) for box in figure.boxes()]
    assert len(set(names)) == len(names)
    assert set(names) <= layout.boxes.keys()
    titles = [box.title for box in figure.boxes() if box.style is Style.TITLE]
    assert titles == [each.title for each in figures[1:]]
    panels = [item for item in figure.items if isinstance(item, Panel)]
    assert len(panels) == len(figures) - 1
    assert all(spot.right <= layout.width + 1 and spot.bottom <= layout.height + 1 for spot in layout.boxes.values())


def test_with_a_depth_there_are_no_details() -> None:
    assert len(sheet(residual_network(), View(depth=1))) == 1
    assert len(sheet(residual_network(), View())) > 1


@pytest.mark.parametrize("name", sorted(SMALL))
def test_skips_are_one_link_each_in_a_straight_lane(name: str) -> None:
    figure, layout = placed(sheet(SMALL[name](), View()), View())
    assert not [box for box in figure.boxes() if box.style is Style.TRACK]
    for (_, _, role), way in layout.ways.items():
        if role != "skip":
            continue
        lanes = {round(point.x, 1) for point in way.points}
        ends = {round(way.points[0].x, 1), round(way.points[-1].x, 1)}
        assert len(lanes - ends) <= 1, way.points
