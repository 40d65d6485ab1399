"""Mermaid's text: golden files, structure, and names that mean something to Mermaid, Markdown or HTML.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/drawing/test_mermaid.py`, then look at the drawn result.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import archdsl
from archdsl.drawing.mermaid import direct_links, mermaid_source
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.formats import render
from archdsl.ir.graph import Graph
from tests.figure.building import SMALL

GOLDEN = Path(__file__).parent / "golden"
NODE = re.compile(r'^ +(\w+)(?:\[|\(\()"`(.*?)`"(?:\]|\)\)):::(\w+)$', re.MULTILINE | re.DOTALL)
LINK = re.compile(r'^ +(\w+) (?:-->|-\.->)(?:\|"([^"]*)"\|)? (\w+)$', re.MULTILINE)


def text_of(graph: Graph, view: View | None = None) -> str:
    return render(graph, "mmd", view).decode()


def labelled(text: str) -> str:
    """The label of a box with this title, as Mermaid gets it."""
    figure = Figure("net", "", "", (Box("a", Style.OP, "conv", text),))
    return NODE.findall(mermaid_source(figure))[0][1]


@pytest.mark.parametrize(("name", "depth"), [("residual", 1), ("heads", 2), ("loops", 1)])
def test_mermaid_is_what_it_was(name: str, depth: int) -> None:
    path = GOLDEN / f"{name}_{depth}.mmd"
    text = text_of(SMALL[name](), View(depth=depth))
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("name", ["resnet50", "inception_v3", "transformer", "unet", "elman_rnn", "detr_resnet50"])
@pytest.mark.parametrize("depth", [1, 2])
def test_every_box_once_and_every_link_between_boxes(name: str, depth: int) -> None:
    graph = archdsl.graph(name)
    figure = outline(graph, View(depth=depth))
    text = text_of(graph, View(depth=depth))
    boxes = [box for box in figure.boxes() if box.style not in (Style.TRACK, Style.FORK, Style.LOOP)]
    nodes = [found[0] for found in NODE.findall(text)]
    assert len(nodes) == len(set(nodes)) == len(boxes)
    links = LINK.findall(text)
    assert len(links) == len(direct_links(figure))
    assert {end for source, _, target in links for end in (source, target)} <= set(nodes)
    used = {look for *_, look in NODE.findall(text)}
    assert used <= set(re.findall(r"^  classDef (\w+) ", text, re.MULTILINE))
    assert text.count("subgraph ") == len(re.findall(r"^ +end$", text, re.MULTILINE))


def test_the_overview_is_drawn_without_a_depth() -> None:
    graph = SMALL["residual"]()
    assert text_of(graph) == text_of(graph, View(depth=1))
    assert "subgraph" not in text_of(graph)


def test_direction_title_and_counts_are_as_asked_for() -> None:
    text = text_of(SMALL["residual"](), View(direction="LR", title='A "net": B & C <D> %% #1', counts=False))
    assert "\nflowchart LR\n" in text
    assert 'title: "A \\"net\\": B ＆ C ‹D› %% #1"' in text  # noqa: RUF001 - what a title can hold
    assert "params" not in text
    assert "title:" not in text_of(SMALL["residual"](), View(title=""))


def test_links_through_points_are_one_link_and_say_what_stands_there() -> None:
    boxes = (
        Box("a", Style.OP, "conv", "A"), Box("to b", Style.TRACK, "block", ""), Box("b", Style.OP, "conv", "B"),
        Box("fork", Style.FORK, "block", ""), Box("c", Style.OP, "conv", "C"), Box("c loop", Style.LOOP, "block", "h"),
    )  # fmt: skip
    links = (
        Link("a", "to b", LinkRole.SKIP), Link("to b", "b", LinkRole.SKIP), Link("b", "fork", LinkRole.SPINE, "8×8"),
        Link("fork", "c", LinkRole.SPINE), Link("fork", "a", LinkRole.BRANCH, dashed=True),
        Link("c", "c loop", LinkRole.LOOP), Link("c loop", "c", LinkRole.LOOP),
    )  # fmt: skip
    found = direct_links(Figure("net", "net", "", boxes, links))
    assert found == [
        Link("a", "b", LinkRole.SKIP), Link("b", "c", LinkRole.SPINE, "8×8"),
        Link("b", "a", LinkRole.BRANCH, dashed=True), Link("c", "c", LinkRole.LOOP, "h"),
    ]  # fmt: skip


def test_words_of_mermaid_name_no_box() -> None:
    names = ["end", "End", "graph", "style", "_self", "layer1.0", "layer1_0", "", "é", "x", "o"]
    figure = Figure("net", "net", "", tuple(Box(name, Style.OP, "conv", name) for name in names))
    found = [node for node, *_ in NODE.findall(mermaid_source(figure))]
    assert found == [
        "end_2",
        "End_2",
        "graph_2",
        "style_2",
        "self",
        "layer1_0",
        "layer1_0_2",
        "box",
        "box_2",
        "x",
        "o",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a "b"', "a #34;b#34;"),
        ("a#b;", "a#35;b;"),
        ("a & b", "a #38; b"),
        ("<b>x</b>", "#60;\N{WORD JOINER}b>x#60;\N{WORD JOINER}/b>"),
        ("`x`", "#96;x#96;"),
        ("**x** _y_ a_b", "#42;#42;x#42;#42; #95;y#95; a_b"),
        ("[x](y)", "#91;x#93;(y)"),
        ("$$x$$", "#36;#36;x#36;#36;"),
        ("%%{init: {}}%%", "#37;#37;{init#58; {}}#37;#37;"),
        ("https://x.de www.x.de a@b.de", "https#58;//x.de www#46;x.de a#64;b.de"),
        ("\\n\n", "#92;n�"),
        ("no\N{NO-BREAK SPACE}break", "no break"),
    ],
)
def test_no_text_is_markup(text: str, expected: str) -> None:
    assert labelled(text) == f"**{expected}**"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("- x", "#45; x"), ("+ x", "#43; x"), ("1. x", "#49;#46; x"), ("12) x", "#49;#50;#41; x"), ("1.5 x", "1.5 x")],
)
def test_no_line_begins_a_list(text: str, expected: str) -> None:
    figure = Figure("net", "", "", (Box("a", Style.CARD, "conv", "A", lines=(text,)),))
    assert NODE.findall(mermaid_source(figure))[0][1] == f"**A**\n    {expected}"


def test_panels_are_subgraphs_in_subgraphs() -> None:
    inner = Panel("a.b", (Box("a.b header", Style.HEADER, "block", "B"),), dashed=True)
    outer = Panel("a", (Box("a header", Style.HEADER, "block", "A", times=3), inner))
    text = mermaid_source(Figure("net", "net", "", (outer,)))
    assert '  subgraph panel_a[" "]\n    a_header["`**A** ×3`"]:::header\n    subgraph panel_a_b[" "]' in text
    assert "  class panel_a_b panel_dashed\n  class panel_a panel\n" in text
