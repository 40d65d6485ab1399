"""Counts in figures: what is shown adds up to the total, whatever is opened and closed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

import archdsl
from archdsl.drawing.dot import dot_source
from archdsl.figure.figure import Box, Figure, Style
from archdsl.ir.graph import Graph
from tests.figure.building import alternating, residual_network
from tests.figure.counting import told
from tests.figure.seeing import plain, view

# --- counts ---------------------------------------------------------------------------------------


def assert_adds_up(figure: Figure, graph: Graph) -> None:
    """What the top level's cards and headers say is what the title says, but for rounding; ops count as they are."""
    nodes = {node.path: node for node in graph.nodes}
    boxes = [item if isinstance(item, Box) else item.header for item in figure.items]
    for what, total in (("params", graph.parameters), ("MACs", graph.macs)):
        sums = [told(box.counts)[what] for box in boxes if box.style is not Style.PORT]
        ops = [nodes[path] for box in boxes if box.style is Style.OP for path in held(box, nodes)]
        own = sum(node.parameters if what == "params" else number(node.macs, graph) for node in ops)
        said, rounding = sum(each for each, _ in sums) + own, sum(each for _, each in sums)
        assert abs(said - total) <= rounding * 1.0001, what


def held(box: Box, nodes: dict[str, Any]) -> Sequence[str]:
    """The ops of a box without counts."""
    return [path for path in nodes for place in box.holds if path == place or path.startswith(f"{place}.")]


def number(macs: Any, graph: Graph) -> int:
    from archdsl.shapes import evaluate

    return evaluate(macs, graph.sample_sizes)


VIEWS: dict[str, list[dict[str, Any]]] = {
    "resnet50": [{"expand": ("layer1.1", "layer3.2")}, {"expand": ("layer2",)}, {"depth": 2, "collapse": ("layer1",)}],
    "swin_t": [{"expand": ("features.5.2.attn",)}, {"expand": ("features.5.1", "features.5.4")}, {"depth": 3}],
    "inception_v3": [{"expand": ("Mixed_5c",)}, {"depth": 2, "collapse": ("Mixed_6a", "AuxLogits")}],
    "llama_2_7b": [{"depth": 2}, {"depth": 3}],
    "unet": [{"depth": 2}, {"depth": 3}],
}


@pytest.mark.parametrize("name", VIEWS)
def test_what_is_shown_adds_up_to_the_total(name: str) -> None:
    graph = archdsl.graph(name)
    for options in ({}, *VIEWS[name]):
        assert_adds_up(view(graph, **options), graph)


@pytest.mark.parametrize("name", VIEWS)
def test_any_blocks_can_be_opened_and_closed(name: str) -> None:
    graph = archdsl.graph(name)
    paths = sorted(
        {".".join(node.path.split(".")[:i]) for node in graph.nodes for i in range(1, node.path.count(".") + 1)}
    )
    random = Random(name)
    for _ in range(8):
        opened, closed = random.sample(paths, 2), random.sample(paths, 1)
        figure = view(graph, expand=tuple(opened), collapse=tuple(closed), depth=random.randint(1, 2))
        names = [box.name for box in figure.boxes()]
        assert len(set(names)) == len(names)
        assert {end for link in figure.links for end in (link.source, link.target)} <= set(names)
        assert_adds_up(figure, graph)


@pytest.mark.parametrize("at", range(6))
def test_each_block_of_a_repeat_can_be_opened_and_the_rest_adds_up(at: int) -> None:
    for graph, path in ((residual_network((6,)), f"layer1.{at}"), (alternating(6), f"layers.{at}")):
        figure = view(graph, expand=(path,))
        assert_adds_up(figure, graph)
        repeats = [item if isinstance(item, Box) else item.header for item in figure.items]
        pairs = [2 if "2 blocks" in plain(box.aside) or "4 blocks" in plain(box.aside) else 1 for box in repeats]
        times = [box.times * pair for box, pair in zip(repeats, pairs, strict=True)]
        blocks = [count for box, count in zip(repeats, times, strict=True) if box.name.removesuffix(" header") in
                  {f"{path.rpartition('.')[0]}.{i}" for i in range(6)}]  # fmt: skip
        assert sum(blocks) == 6


def test_a_pair_that_is_cut_is_no_pair() -> None:
    figure = view(alternating(6), expand=("layers.2",))
    asides = [plain((item if isinstance(item, Box) else item.header).aside) for item in figure.items[2:5]]
    assert asides == ["layers.0 – layers.1 · 2 blocks · shift 0, 3", "layers.2", "layers.3 – layers.5 · shift 3, 0"]


def test_nothing_is_counted_where_counts_are_not_wanted() -> None:
    for options in ({}, {"depth": 2}, {"only": "layer1.0"}, {"expand": ("layer1.0",)}):
        text = dot_source(view(residual_network(), counts=False, **options))
        assert not re.search(r"params|MACs", text)
        assert "Bottleneck" in text
    assert view(residual_network(), counts=False, only="layer1.0").counts == "layer1.0"
