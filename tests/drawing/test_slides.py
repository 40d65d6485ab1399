"""PowerPoint's files, read back: native shapes with editable text, and connectors tied to what they join.

Where there is LibreOffice, it opens one. To look at it: `soffice --convert-to pdf net.pptx`.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

import archdsl
from archdsl.drawing.layout import bends
from archdsl.drawing.ooxml import EMU
from archdsl.drawing.painting import placed, sheet
from archdsl.drawing.settle import LaidOut
from archdsl.drawing.slides import MOST, PAD, slides
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.figure.view import View
from archdsl.formats import draw, render
from tests.drawing.test_tikz import in_a_column
from tests.figure.building import SMALL
from tests.hostile_texts import HOSTILE


def shapes(data: bytes) -> list[Any]:
    """All on the one slide, what is in groups, too."""
    from pptx import Presentation

    (slide,) = Presentation(BytesIO(data)).slides
    return [part for each in slide.shapes for part in (each, *getattr(each, "shapes", ()))]


def texts(data: bytes) -> list[str]:
    return [each.text_frame.text for each in shapes(data) if each.has_text_frame and each.text_frame.text]


def tied(data: bytes) -> list[tuple[int, int]]:
    """The ids of what each connector is tied to."""
    connectors = [each._element for each in shapes(data) if hasattr(each, "begin_x")]
    ends = [[end.get("id") for end in each.nvCxnSpPr.cNvCxnSpPr] for each in connectors]
    return [(int(start), int(end)) for start, end in ends]


def links(data: bytes) -> list[tuple[str, str]]:
    """The names of the boxes that each chain of connectors joins, in order."""
    found = shapes(data)
    names = {each.shape_id: each.name for each in found}
    owner = {}  # what is in a group belongs to its first shape
    for each in found:
        parts = [part.shape_id for part in getattr(each, "shapes", ())]
        owner |= dict.fromkeys(parts, parts[0] if parts else 0)
    joined = []
    start = 0
    for source, target in tied(data):
        start = start or owner.get(source, source)
        end = owner.get(target, target)
        if names[end] != "joint":
            joined.append((names[start], names[end]))
            start = 0
    return joined


@pytest.mark.parametrize("name", ["resnet50", "transformer"])
def test_every_box_is_a_shape_and_every_link_is_tied_to_two(name: str) -> None:
    graph = archdsl.graph(name)
    figure, _ = placed(sheet(graph, View()), View())
    data = render(graph, "pptx")
    assert links(data) == [(link.source, link.target) for link in figure.links]
    assert {box.name for box in figure.boxes()} <= {each.name for each in shapes(data)}
    said = texts(data)
    assert {f"×{box.times}" for box in figure.boxes() if box.times > 1} <= set(said)
    assert {link.label for link in figure.links if link.label} <= set(said)


def test_a_way_goes_through_its_corners_and_ends_at_its_boxes() -> None:
    boxes = tuple(Box(name, Style.OP, "conv", name) for name in "abc")
    figure = Figure("net", "net", "", boxes, (Link("a", "c", LinkRole.SKIP, dashed=True),))
    layout = in_a_column(figure)
    data = slides([LaidOut(figure, layout)])
    lines = [each for each in shapes(data) if hasattr(each, "begin_x")]
    points = [(each.begin_x / EMU - PAD, each.begin_y / EMU - PAD) for each in lines]
    (way,) = layout.ways.values()
    assert points == [pytest.approx(point, abs=0.01) for point in bends(way.course)[:-1]]
    assert [each._element.xpath(".//a:tailEnd/@type") for each in lines] == [[], [], ["triangle"]]


def test_it_is_the_same_file_whenever_it_is_written() -> None:
    assert render(SMALL["residual"](), "pptx") == render(SMALL["residual"](), "pptx")


def test_what_is_too_large_for_powerpoint_is_set_smaller() -> None:
    from pptx import Presentation

    boxes = tuple(Box(f"b{number}", Style.OP, "conv", "Conv") for number in range(200))
    links = tuple(Link(one.name, two.name, LinkRole.SPINE) for one, two in pairwise(boxes))
    figure = Figure("net", "net", "", boxes, links)
    layout = in_a_column(figure)
    assert layout.height > MOST
    data = slides([LaidOut(figure, layout)])
    assert Presentation(BytesIO(data)).slide_height == pytest.approx(MOST * EMU, abs=2)
    assert all((each.top + each.height) / EMU <= MOST - PAD + 1 for each in shapes(data))


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_is_markup(text: str) -> None:
    figure = Figure(text, text, "", (Box(f"a{text}", Style.OP, "conv", f"said {text}"),))
    data = slides([LaidOut(figure, in_a_column(figure))])
    with ZipFile(BytesIO(data)) as archive:
        slide = archive.read("ppt/slides/slide1.xml").decode()
    assert len(re.findall(r"<p:sp>", slide)) == 2
    assert "hlink" not in re.sub(r"<a:t>[^<]*</a:t>|name=\"[^\"]*\"", "", slide)
    assert any(said.startswith("said ") for said in texts(data))


def test_without_python_pptx_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pptx", None)
    with pytest.raises(DrawingError, match="needs the package `python-pptx`") as raised:
        draw(SMALL["residual"](), tmp_path / "net.pptx")
    assert "archdsl[figures]" in str(raised.value.hint) and not list(tmp_path.iterdir())


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs LibreOffice")
def test_libreoffice_opens_it(tmp_path: Path) -> None:
    (path,) = draw(archdsl.graph("resnet18"), tmp_path / "net.pptx")
    home = f"-env:UserInstallation={(tmp_path / 'home').as_uri()}"
    command = ["soffice", home, "--headless", "--convert-to", "fodp", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    said = " ".join(re.findall(r">([^<>]+)<", (tmp_path / "net.fodp").read_text("utf-8")))
    said = said.replace("\N{NO-BREAK SPACE}", " ")
    assert "Basic block" in said and "64×56×56" in said and "×2" in said
