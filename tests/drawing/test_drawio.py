"""draw.io's XML, parsed back: every box, panel and link of the figure, where it stands and what it says."""

from __future__ import annotations

import re
from xml.etree import ElementTree as xml

import pytest

import archdsl
from archdsl.drawing.dot import dot_name
from archdsl.drawing.drawio import drawio_source
from archdsl.drawing.layout import bends
from archdsl.drawing.painting import placed, sheet
from archdsl.drawing.settle import LaidOut
from archdsl.drawing.tikz import tikz_source
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.figure.view import View
from archdsl.formats import render
from tests.drawing.test_tikz import in_a_column
from tests.figure.building import SMALL
from tests.hostile_texts import HOSTILE

ATTRIBUTES = {"id", "parent", "value", "style", "vertex", "edge", "source", "target", "connectable"}


def cells(text: str) -> dict[str, xml.Element]:
    found = xml.fromstring(text).findall("./diagram/mxGraphModel/root/mxCell")
    assert len({each.get("id") for each in found}) == len(found)
    return {each.get("id", ""): each for each in found}


def place(cell: xml.Element) -> list[float]:
    geometry = cell.find("mxGeometry")
    assert geometry is not None
    return [float(geometry.get(side, "nan")) for side in ("x", "y", "width", "height")]


def said(cell: xml.Element) -> str:
    return re.sub(r"<[^>]*>", "", cell.get("value", ""))


@pytest.mark.parametrize("name", ["resnet50", "inception_v3", "transformer"])
def test_every_box_panel_and_link_is_there(name: str) -> None:
    graph = archdsl.graph(name)
    figure, _ = placed(sheet(graph, View()), View())
    found = cells(render(graph, "drawio").decode())
    boxes = list(figure.boxes())
    times = [each for name, each in found.items() if name.endswith("-times")]
    assert [said(each) for each in times] == [f"×{box.times}" for box in boxes if box.times > 1]
    vertices = [each for name, each in found.items() if each.get("vertex") and "-" not in name]
    assert len(vertices) == 1 + len(boxes) + len(list(figure.panels()))  # the title, too
    links = [each for each in found.values() if each.get("edge")]
    assert len(links) == len(figure.links)
    assert {each.get("source", "") for each in links} | {each.get("target", "") for each in links} <= set(found)
    assert all(each.get("parent", "") in found for name, each in found.items() if name != "root")


def test_a_box_in_a_panel_moves_with_it_and_a_link_has_its_corners() -> None:
    figure, layout = placed(sheet(SMALL["residual"](), View()), View())
    found = cells(drawio_source([LaidOut(figure, layout)]))
    panel = next(figure.panels())
    inner = next(box for box in figure.boxes() if box in panel.items and box.style is Style.OP)
    inside = [each for each in found.values() if each.get("parent", "").startswith("panel")]
    cell = next(each for each in inside if inner.title in said(each))
    around, spot = layout.panels[dot_name(panel.name)], layout.boxes[dot_name(inner.name)]
    assert place(cell)[:2] == pytest.approx([spot.left - around.left, spot.top - around.top], abs=0.02)
    bent = [len(points) - 2 for way in layout.ways.values() if len(points := bends(way.course)) > 2]
    corners = [each.findall("./mxGeometry/Array/mxPoint") for each in found.values() if each.get("edge")]
    assert bent and sorted(map(len, filter(None, corners))) == sorted(bent)


def test_a_link_and_its_label() -> None:
    boxes = tuple(Box(name, Style.OP, "conv", name) for name in "ab")
    figure = Figure("net", "net", "", boxes, (Link("a", "b", LinkRole.SPINE, "8×8", dashed=True),))
    found = cells(drawio_source([LaidOut(figure, in_a_column(figure))]))
    link = found["link-1"]
    assert (link.get("source"), link.get("target")) == ("a", "b")
    assert {"dashed=1", "exitX=0.5", "exitY=1", "entryX=0.5", "entryY=0"} <= set(link.get("style", "").split(";"))
    assert said(found["link-1-label"]) == "8×8" and found["link-1-label"].get("parent") == "link-1"


@pytest.mark.parametrize("text", ["words", *HOSTILE])
def test_no_text_is_markup(text: str) -> None:
    boxes = (Box(f"a{text}", Style.OP, "conv", text, fields=text), Box("b", Style.CARD, "linear", text, lines=(text,)))
    figure = Figure(text, text, text, boxes, (Link(f"a{text}", "b", LinkRole.SPINE, text),))
    found = cells(drawio_source([LaidOut(figure, in_a_column(figure))]))
    assert len(found) == 7  # the two that all hang on, the title, two boxes, a link, its label
    for name, cell in found.items():
        assert {tag for _, tag in re.findall(r"<(/?)(\w+)", cell.get("value", ""))} <= {"b", "font", "br"}
        assert re.fullmatch(r"[A-Za-z0-9_-]+", name)
        assert re.fullmatch(r"(\w+(=[#\w.,-]*)?;)*", cell.get("style", "").replace(" ", ""))
        assert set(cell.attrib) <= ATTRIBUTES


def test_what_is_dashed_in_the_svg_is_dashed_here_and_in_latex() -> None:
    boxes = (Box("a", Style.OP, "conv", "Conv"), Box("b", Style.MERGE, "reshape", "+", dashed=True))
    figure = Figure("net", "net", "", boxes, (Link("a", "b", LinkRole.SPINE),))
    layout = in_a_column(figure)
    found = cells(drawio_source([LaidOut(figure, layout)]))
    assert "dashed=1" in found["b"].get("style", "") and "dashed=1" not in found["a"].get("style", "")
    assert r"\node[merge, dashed] (b)" in tikz_source(figure, layout)
