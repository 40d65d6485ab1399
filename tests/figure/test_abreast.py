"""Equal ways side by side are one box."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.figure.figure import Box, Figure, Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Value
from tests.figure.building import Builder, bottleneck
from tests.figure.reading import Reading
from tests.figure.seeing import plain

Way = Callable[[Builder, str, Value], Value]


def one(b: Builder, path: str, x: Value) -> Value:
    return b.add(f"{path}.conv", "conv2d", x, out_channels=8, kernel_size=1)


def two(b: Builder, path: str, x: Value) -> Value:
    x = b.add(f"{path}.pool", "max_pool2d", x, kernel_size=3, stride=1, padding=1)
    return b.add(f"{path}.conv", "conv2d", x, out_channels=8, kernel_size=1)


def block(b: Builder, path: str, x: Value) -> Value:
    return bottleneck(b, f"{path}.unit", x, 2)


def ways(*kinds: Way, joined: str = "cat") -> Graph:
    """Ways from an input to where they are joined."""
    b = Builder()
    x = b.input(8, 6, 6)
    b.scope("body", "body")
    ends = [kind(b, f"body.w{i}", x) for i, kind in enumerate(kinds)]
    last = b.add("body.end", "cat", *ends, dim=1) if joined == "cat" else b.plus("body.end", *ends)
    return b.graph(b.add("head", "conv2d", last, out_channels=2, kernel_size=1))


def opened(graph: Graph, **options: object) -> Figure:
    return outline(graph, View(**{"depth": 1, "only": "body", **options}))  # type: ignore[arg-type]


def said(figure: Figure) -> list[str]:
    found = [box for box in figure.boxes() if box.style in (Style.OP, Style.CARD, Style.MERGE)]
    return [
        plain(" · ".join(part for part in (f"{box.title} {box.fields}".strip(), *box.lines) if part)) for box in found
    ]


@pytest.mark.parametrize("joined", ["cat", "sum"])
@pytest.mark.parametrize("number", [4, 24])
def test_many_equal_ways_are_one_box(number: int, joined: str) -> None:
    boxes = said(opened(ways(*[one] * number, joined=joined)))
    assert boxes[0] == f"{number} × Conv 1×1 8 · side by side"
    assert len(boxes) == 2


def test_few_ways_are_drawn_each() -> None:
    assert said(opened(ways(one, one, one))) == ["Conv 1×1 8"] * 3 + ["Concat 24"]


def test_ways_of_several_ops_and_of_blocks_are_told_too() -> None:
    assert said(opened(ways(*[two] * 5)))[0] == "5 × MaxPool 3×3 · Conv 1×1, 8 · side by side"
    boxes = said(opened(ways(*[block] * 5)))
    assert boxes[0].startswith("5 × Bottleneck") and boxes[0].endswith("side by side")
    assert len(boxes) == 2


def test_others_stand_beside_them() -> None:
    assert said(opened(ways(two, *[one] * 4)))[-2:] == ["4 × Conv 1×1 8 · side by side", "Concat 40"]


def test_a_way_that_is_opened_stands_apart() -> None:
    figure = opened(ways(*[block] * 5), expand=("body.w2.unit",))
    titles = [plain(item.title) for item in figure.panels().__next__().items if isinstance(item, Box)]
    assert [title for title in titles if "Bottleneck" in title] == ["2 × Bottleneck", "2 × Bottleneck"]


@given(st.lists(st.sampled_from([one, two, block]), min_size=2, max_size=12), st.sampled_from(["cat", "sum"]))
def test_a_figure_of_ways_is_true(kinds: list[Way], joined: str) -> None:
    graph = ways(*kinds, joined=joined)
    for depth in (1, 2, 3):
        assert [*Reading(graph, outline(graph, View(depth=depth))).untruths()] == []
