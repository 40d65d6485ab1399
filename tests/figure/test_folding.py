"""Repeats fold where the first copy makes something for all of them, and where each has an output of its own."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.drawing.painting import sheet
from archdsl.figure.figure import Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Value
from tests.figure.building import Builder
from tests.figure.reading import Reading
from tests.figure.seeing import plain
from tests.figure.test_given import panels, said


def handing(count: int, readers: Collection[int], outputs: Collection[int] = ()) -> Graph:
    """Blocks in a row, of which the first makes a value that some others read; some are outputs of the network."""
    b = Builder()
    x = b.input(4, 8)
    made: Value | None = None
    named = {}
    for i in range(count):
        path = f"layer.{i}"
        b.scope(path, "unit")
        y = b.add(f"{path}.linear", "linear", x, out_features=8)
        if i == 0:
            made = b.add(f"{path}.table", "linear", y, out_features=8)
        x = b.plus(f"{path}.sum", x, y, *([made] if made is not None and (i == 0 or i in readers) else []))
        if i in outputs:
            named[f"hidden{i}"] = x
    return b.graph(b.add("head", "linear", x, out_features=2), **named)


def cards(graph: Graph) -> list[tuple[int, str]]:
    figure = outline(graph, View(depth=1))
    return [(box.times, plain(box.aside)) for box in figure.boxes() if box.style is Style.CARD and "layer" in box.name]


def test_what_the_first_makes_for_all_is_said_and_the_copies_fold() -> None:
    assert cards(handing(6, range(1, 6))) == [(6, "layer · first with table")]


@pytest.mark.parametrize("readers", [[1, 2, 3], [2, 3, 4, 5], [1, 5], [3]])
def test_what_the_first_makes_for_some_parts_the_copies(readers: list[int]) -> None:
    assert 6 not in [times for times, _ in cards(handing(6, readers))]


def test_copies_with_an_output_each_fold() -> None:
    graph = handing(4, (), outputs=range(4))
    assert [times for times, _ in cards(graph)] == [4]
    figure = outline(graph, View(depth=1))
    card = next(box.name for box in figure.boxes() if box.times == 4)
    assert sum(link.source == card for link in figure.links) == 5, "four outputs and the head"


def test_copies_of_which_some_have_an_output_do_not() -> None:
    assert 4 not in [times for times, _ in cards(handing(4, (), outputs=(1,)))]


@given(st.integers(2, 6), st.sets(st.integers(1, 5)), st.sets(st.integers(0, 5)))
def test_the_figure_of_copies_that_hand_on_is_true(count: int, readers: set[int], outputs: set[int]) -> None:
    graph = handing(count, readers, outputs)
    for depth in (1, 2):
        assert [*Reading(graph, outline(graph, View(depth=depth))).untruths()] == []


def test_a_bias_that_comes_by_a_port_is_told_where_it_is_read() -> None:
    graph = archdsl.graph("t5_small")
    text = [plain(" ".join((box.aside, *box.lines))) for box in outline(graph, View(depth=1)).boxes() if box.times == 6]
    assert len(text) == 2 and all("first with relative attention bias" in each for each in text)
    assert all("+ relative position bias" in each for each in text)
    attention = panels(graph)["attention"]
    assert any("Attention 8 heads" in each and "+ relative position bias" in each for each in said(attention))


def test_no_two_panels_have_one_title() -> None:
    titles = [figure.title for figure in sheet(archdsl.graph("t5_small"), View())]
    assert len(set(titles)) == len(titles)
    assert {"Attention, encoder", "Attention, decoder layer.0", "Attention, decoder layer.1"} < set(titles)
