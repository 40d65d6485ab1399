"""What colours stand for: kinds of op, shares of what the network costs, dtypes; and the legend that says so."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.drawing.layout import Spot
from archdsl.drawing.legend import ROW, WIDEST, height, placed, row_width, rows
from archdsl.drawing.painting import sheet
from archdsl.figure.colours import SHARES
from archdsl.figure.figure import Figure, Style
from archdsl.figure.palette import HEAT, PAPER
from archdsl.figure.view import ColourBy, View
from archdsl.formats import DrawingError, render
from archdsl.ir.graph import Graph
from tests.figure.building import SMALL

TWO_DTYPES = """
archdsl: 1
inputs:
  x: {shape: [N, 4], dtype: int64}
nodes:
  embed: {op: embedding, num_embeddings: 10, embedding_dim: 3}
  best: {op: argmax, dim: 2}
"""


def shares(graph: Graph, colour_by: ColourBy) -> dict[str, str]:
    return {
        box.name: box.paint for each in sheet(graph, View(colour_by=colour_by)) for box in each.boxes() if box.holds
    }


@pytest.mark.parametrize("name", ["resnet50", "gpt2", "mobilenet_v2"])
def test_a_part_has_the_colour_of_its_share_of_the_parameters(name: str) -> None:
    graph = archdsl.graph(name)
    found = [box for each in sheet(graph, View(colour_by="parameters")) for box in each.boxes()]
    for box in found:
        if box.style not in (Style.CARD, Style.OP) or not box.holds:
            continue
        held = [node for node in graph.nodes if any(f"{node.path}.".startswith(f"{path}.") for path in box.holds)]
        share = 100 * sum(node.parameters for node in held) / graph.parameters
        low, high = (0, *SHARES)[HEAT.index(box.paint)], (*SHARES, 101)[HEAT.index(box.paint)]
        assert low <= share < high, box


def test_macs_and_memory_are_other_shares() -> None:
    graph = archdsl.graph("vgg16")
    parameters, macs, memory = (shares(graph, what) for what in ("parameters", "macs", "memory"))
    first, last = next(iter(parameters)), next(reversed(parameters))
    assert parameters[last] > macs[last]  # the classifier has most of the numbers, the convolutions most of the work
    assert memory[first] > parameters[first]


def test_dtypes_have_a_colour_each() -> None:
    graph = archdsl.loads(TWO_DTYPES)
    (figure,) = sheet(graph, View(colour_by="dtype", depth=2))
    assert sorted(text for _, text in figure.legend) == ["float32", "int64"]
    paints = {text: paint for paint, text in figure.legend}
    assert [box.paint for box in figure.boxes() if box.holds] == [paints["float32"], paints["int64"]]


def test_a_legend_says_the_kinds_that_are_there() -> None:
    first, *others = sheet(archdsl.graph("resnet50"), View(legend=True))
    assert [text for _, text in first.legend] == [
        "convolution", "activation, dropout", "pooling", "linear", "block",
    ]  # fmt: skip
    assert not any(each.legend for each in others)
    assert not any(each.legend for each in sheet(archdsl.graph("resnet50"), View()))


def test_a_legend_breaks_into_rows() -> None:
    figure = Figure("net", "net", "", legend=tuple((f"heat{n}", f"{'word ' * 4}{n}") for n in range(1, 6)))
    found = rows(figure)
    assert [swatch.text for row in found for swatch in row] == [text for _, text in figure.legend]
    assert len(found) > 1 and all(len(row) == 1 or row_width(row) <= WIDEST for row in found)
    title = Spot(300, 100, 500, 20 + height(figure))
    spots = [spot for _, spot in placed(figure, title)]
    assert height(figure) == ROW * len(found)
    assert all(title.left <= spot.left and spot.right <= title.right and spot.bottom <= title.bottom for spot in spots)
    assert len({spot.y for spot in spots}) == len(found)


@pytest.mark.parametrize("format", ["svg", "tikz", "drawio"])
def test_every_format_has_the_legend(format: str) -> None:
    text = render(SMALL["residual"](), format, View(colour_by="macs")).decode()
    assert "heat1" in text if format != "drawio" else PAPER.paints["heat1"].fill in text
    assert "of the MACs" in text.replace("&#160;", " ").replace("\N{NO-BREAK SPACE}", " ")


def test_dots_per_inch() -> None:
    small, large = (render(SMALL["residual"](), "png", View(dpi=dpi)) for dpi in (72, 144))
    sides = [int.from_bytes(data[16:20], "big") for data in (small, large)]
    assert sides[1] == pytest.approx(2 * sides[0], abs=2)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (View(dpi=5), "dpi is 5, expected 36 to 1200"), (View(dpi=10**9), "dpi is 1000000000, expected 36 to 1200"),
        (View(colour_by="age"), "the colour by is `age`, expected one of op, parameters, macs, memory, dtype"),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_what_is_no_choice(view: View, said: str) -> None:
    with pytest.raises(DrawingError, match=said):
        render(SMALL["residual"](), "png", view)
