"""Overview and details on one sheet: which blocks get a panel, and where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.cli.zoo import families
from archdsl.drawing.dot import dot_name
from archdsl.drawing.painting import placed, sheet
from archdsl.figure.alignment import passed
from archdsl.figure.distinct import MOST, distinct_blocks
from archdsl.figure.figure import LinkRole, Panel, Style
from archdsl.figure.paths import block_at
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Node, Scope
from tests.elaboration.support import graph_of
from tests.figure.building import SMALL, residual_network
from tests.figure.seeing import plain
from tests.thorough import some

SPECS = list(families())


def found(name: str) -> list[tuple[str, int, int]]:
    return [(each.scope.path, each.level, each.alike) for each in distinct_blocks(archdsl.graph(name))]


def test_blocks_with_parts_of_their_own_are_one_and_sizes_do_not_count() -> None:
    (block,) = distinct_blocks(archdsl.graph("resnet50"))
    assert (block.scope.path, block.level, block.alike, block.whole) == ("layer1.0", 0, 15, 4)
    assert block.optional == {"layer1.0.downsample"}


def test_of_two_convolutions_the_one_that_is_missing_elsewhere_is_dashed() -> None:
    block, _ = distinct_blocks(archdsl.graph("efficientnet_b0"))
    assert "features.2.1.block.0" in block.optional, "the block that expands nothing has the depthwise one"
    assert "features.2.1.block.1" not in block.optional
    _, panel, _ = sheet(archdsl.graph("efficientnet_b0"), View())
    assert "complete in 9 of 16" in plain(panel.counts), "the skip is in 9, what expands in 15"


def test_a_block_is_followed_by_those_in_it_and_all_are_counted() -> None:
    assert found("swin_t") == [("features.1.0", 0, 11), ("features.1.1.attn", 1, 11)]
    assert [path for path, _, _ in found("efficientnet_b0")] == ["features.2.1", "features.1.0.block.1"]


MISSING = {
    "mobilenet_v3_large": ("features.5", {"features.5.block.0", "features.5.block.2", "features.5.add"}),
    "whisper_tiny": (
        "model.decoder.layers.0",
        {f"model.decoder.layers.0.{name}" for name in ("encoder_attn_layer_norm", "encoder_attn", "add_2")},
    ),
}


@pytest.mark.parametrize("name", MISSING)
def test_of_two_ways_to_leave_parts_out_it_is_the_likelier(name: str) -> None:
    block, missing = MISSING[name]
    found = {each.scope.path: each.optional for each in distinct_blocks(archdsl.graph(name))}
    assert found[block] == missing


def test_what_some_of_a_panels_blocks_do_without_is_dashed() -> None:
    overview, panel = sheet(archdsl.graph("mobilenet_v2"), View())
    assert plain(panel.title) == "Inverted residual"
    assert plain(panel.counts).startswith("features.3, one of 17 · complete in 10 of 17 · ")
    assert [box.name for box in panel.boxes() if box.dashed] == ["features.3.conv.0", "features.3.add"]
    assert {link.role for link in panel.links if link.dashed} == {LinkRole.SKIP}
    assert not any(box.dashed for box in overview.boxes())


def test_a_block_that_its_card_tells_counts_where_it_is_another_without_some_parts() -> None:
    fused, inverted, _ = distinct_blocks(archdsl.graph("efficientnet_v2_s"))
    assert (fused.scope.block, fused.alike + 1, fused.whole) == ("fused_mbconv", 10, 6), "two of the ten are a chain"
    assert (inverted.alike + 1, inverted.whole) == (30, 27)


@pytest.mark.parametrize(
    ("name", "block"),
    [
        ("resnet50", "layer1.0"),
        ("pvt_v2_b0", "stages.0.blocks.0.attn"),
        ("t5_small", "encoder.block.0.layer.0.SelfAttention"),
    ],
)
def test_a_line_that_leads_on_where_a_part_is_missing_is_not_dashed(name: str, block: str) -> None:
    panel = next(figure for figure in sheet(archdsl.graph(name), View()) if figure.name == block)
    assert [box.name for box in panel.boxes() if box.dashed], "a convolution that only some blocks have"
    assert not [link for link in panel.links if link.dashed]


def test_what_passes_a_missing_part_is_what_others_read_alone() -> None:
    x, a, b, out = (("a", (-1,)), ("b", (0,)), ("b", (-1,)), ("add", (1, 2)))
    assert passed((x, a, ("add", (1, -1))), (x, a, b, out), [0, 1, 3]) == {2}, "the shortcut's convolution"
    gate = (x, ("gate", (0,)), ("mul", (0, 1)), ("out", (2,)))
    assert passed((x, ("out", (0,))), gate, [0, 3]) == {2}, "what is multiplied goes on, not its gate"
    beside = (x, ("b", (0,)), ("add", (0, 1)))
    assert passed((x, ("add", (0,))), beside, [0, 2]) == set(), "the sum reads it also without"
    chain = (x, ("b", (0,)), ("b", (1,)), ("out", (2,)))
    assert passed((x, ("out", (0,))), chain, [0, 3]) == {1, 2}


RECURRENT = """inputs: {x: [N, 4, 4]}
blocks:
  turn:
    inputs: {b: [N, 4, 4], x: [N, 4, 4]}
    params: {drops: 0.0}
    nodes:
      c: {op: softmax, from: b, dim: -1}
      dropped: {op: dropout, p: drops}
      v: {op: matmul, from: [dropped, x]}
      w: {op: matmul, from: [v, x]}
      next: = b + w
nodes:
  zeros: {op: constant, shape: [N, 4, 4], value: 0}
  first: {op: turn, from: {b: zeros, x: x}}
  second: {op: turn, from: {b: first, x: x}}
  third: {op: turn, from: {b: second, x: x}, drops: DROPS}
"""


@pytest.mark.parametrize(("drops", "missing", "whole"), [("0.0", [], 0), ("0.5", ["third.dropped"], 1)])
def test_what_one_computes_of_constants_is_not_missing_there(
    tmp_path: Path, drops: str, missing: list[str], whole: int
) -> None:
    (block,) = distinct_blocks(graph_of(tmp_path, RECURRENT.replace("DROPS", drops)))
    assert (block.alike, sorted(block.optional), block.whole) == (2, missing, whole)


def test_what_an_op_does_in_some_of_a_panels_blocks_is_said() -> None:
    *_, panel = sheet(archdsl.graph("swin_t"), View())
    (attention,) = (box for box in panel.boxes() if box.title == "Attention")
    said = plain(attention.fields)
    assert said == "3 heads, masked where dashed"
    assert [plain(box.title) for box in panel.boxes() if box.dashed] == ["Roll by"] * 2


def test_whether_attention_is_causal_tells_blocks_apart() -> None:
    kinds = [
        each for each in distinct_blocks(archdsl.graph("whisper_tiny")) if each.scope.block == "projected_attention"
    ]
    assert [(each.variant, each.alike) for each in kinds] == [("encoder", 7), ("decoder", 3)]


def test_what_the_overview_keeps_closed_has_a_panel() -> None:
    overview, *panels = sheet(archdsl.graph("detr_resnet50"), View())
    assert "transformer" in {box.name for box in overview.boxes()}
    (inner,) = (panel for panel in panels if panel.name == "transformer")
    assert [(box.title, box.times) for box in inner.boxes() if box.times > 1] == [
        ("Encoder\N{NO-BREAK SPACE}layer", 6), ("Decoder\N{NO-BREAK SPACE}layer", 6)
    ]  # fmt: skip


@pytest.mark.parametrize("name", some(SPECS, every=8))
def test_no_two_panels_have_one_title(name: str) -> None:
    titles = [figure.title for figure in sheet(archdsl.graph(name), View())]
    assert len(set(titles)) == len(titles)


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
