"""TikZ's text: a golden file, structure, LaTeX's special characters, and pdflatex itself where there is one.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/drawing/test_tikz.py`, then look at what pdflatex makes of it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from functools import cache
from itertools import count
from pathlib import Path

import pytest

import archdsl
from archdsl.drawing.dot import dot_name
from archdsl.drawing.latex import escaped
from archdsl.drawing.layout import Layout, Point, Spot, Way
from archdsl.drawing.painting import placed, sheet
from archdsl.drawing.settle import way_key
from archdsl.drawing.tikz import tikz_source
from archdsl.drawing.volumes import volume_canvas
from archdsl.figure.errors import DrawingError
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.outline import outline
from archdsl.figure.palette import PALETTES
from archdsl.figure.view import PaletteName, View
from archdsl.figure.volumes import volume_figure
from archdsl.formats import render
from archdsl.ir.graph import Graph
from tests.figure.building import SMALL, Builder, bottleneck

GOLDEN = Path(__file__).parent / "golden"
NAMED = re.compile(r"^\\(?:node\[.*?\]|coordinate) \((\w+)\) at ", re.MULTILINE)
SPECIAL = "\\ # $ % & _ { } ~ ^ < > | \" ' ` -- ,, ?` !` [x] * × → ⊕ · – … − é 熊 \x00 \N{NO-BREAK SPACE}end"


def text_of(graph: Graph, view: View | None = None) -> str:
    return render(graph, "tikz", view).decode()


def in_a_column(figure: Figure) -> Layout:
    """Places that do not depend on Graphviz: boxes below each other, links straight but for skips."""
    rows = count(40, 60)
    boxes = {dot_name(box.name): Spot(140, next(rows), 237.6, 45.5) for box in figure.boxes()}
    height = 60 * len(boxes) + 20
    ways = {}
    for link in figure.links:
        start, end = boxes[dot_name(link.source)], boxes[dot_name(link.target)]
        points = (Point(140, start.bottom), Point(140, end.top - 5))
        tip = Point(140, end.top)
        if link.role is LinkRole.SKIP:
            points = (Point(258.8, start.y), Point(280, start.y), Point(280, end.y), Point(264.8, end.y))
            tip = Point(258.8, end.y)
        ways[way_key(link)] = Way(points, tip, Point(170, (start.y + end.y) / 2) if link.label else None)
    panels = {dot_name(item.name): Spot(140, 100, 260, 80) for item in figure.items if isinstance(item, Panel)}
    return Layout(300, height, boxes, panels, ways, Spot(140, 10, 200, 14))


@pytest.mark.parametrize(("name", "depth"), [("residual", 1), ("u", 1)])
def test_tikz_is_what_it_was(name: str, depth: int) -> None:
    path = GOLDEN / f"{name}_{depth}.tikz"
    figure = outline(SMALL[name](), View(depth=depth, terraced=False))
    text = tikz_source(figure, in_a_column(figure))
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


@pytest.mark.parametrize("name", ["resnet50", "inception_v3", "transformer"])
def test_every_box_once_and_every_link(name: str) -> None:
    graph = archdsl.graph(name)
    figure, _ = placed(sheet(graph, View()), View())
    text = text_of(graph)
    panels = text.count(r"\node[panel=")
    names = NAMED.findall(text)
    assert len(names) == len(set(names)) == panels + sum(1 for _ in figure.boxes())
    assert text.count("\n\\draw[") == len(figure.links)
    assert set(re.findall(r"\((\w+)\) -- \((\w+)\);", text)) <= {(a, b) for a in names for b in names}
    assert text.count(r"\pill{") == sum(box.times > 1 and box.style is Style.CARD for box in figure.boxes())


def test_it_says_what_the_svg_says() -> None:
    graph = SMALL["residual"]()
    said = [line for line in text_of(graph).splitlines() if line.startswith((r"\node", r"\draw"))]
    words = re.sub(r"\\(?:texttimes|textperiodcentered|textgreater)\{\}|\$\\rightarrow\$", "", " ".join(said))
    for text in re.findall(r"<text [^>]*>([^<]*)</text>", render(graph, "svg").decode()):
        for word in re.findall(r"[A-Za-z0-9.]+", text.replace("&#160;", " ")):
            assert word in words


def test_a_straight_link_follows_its_boxes_and_a_bent_one_has_corners() -> None:
    boxes = tuple(Box(name, Style.OP, "conv", name) for name in "abc")
    links = (Link("a", "b", LinkRole.SPINE, "8×8"), Link("a", "c", LinkRole.SKIP, dashed=True))
    figure = Figure("net", "net", "", boxes, links)
    text = tikz_source(figure, in_a_column(figure))
    assert r"\draw[spine link] (a) -- (b); \node[shape note] at " in text
    assert r"\draw[skip link, dashed] (258.8,40) -- (280,40) -- (280,160) -- (258.8,160);" in text


@pytest.mark.parametrize("style", PALETTES)
def test_the_colours_are_those_of_the_style(style: PaletteName) -> None:
    palette = PALETTES[style]
    text = text_of(SMALL["residual"](), View(style=style))
    assert rf"\definecolor{{ground}}{{HTML}}{{{palette.ground[1:]}}}" in text
    conv = palette.paints["conv"]
    assert r"\kind{conv}" + "".join(f"{{{colour[1:]}}}" for colour in conv) in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a_b & c", r"a\_b \& c"),
        ("50 % #1 $x$ {y}", r"50 \% \#1 \$x\$ \{y\}"),
        (r"\input{x}", r"\textbackslash{}input\{x\}"),
        ("~^", r"\textasciitilde{}\textasciicircum{}"),
        ("a->b <- |", r"a-\textgreater{}b \textless{}- \textbar{}"),
        ("a -- b ,, c", "a -{}- b ,{}, c"),
        ("\"x\" 'y' `z`", r"\textquotedbl{}x\textquotedbl{} \textquotesingle{}y\textquotesingle{} "
                          r"\textasciigrave{}z\textasciigrave{}"),
        ("3×3 → 64 · x", r"3\texttimes{}3 $\rightarrow$ 64 \textperiodcentered{} x"),
        ("Bär 熊\n", "Bär ??"),
    ],
)  # fmt: skip
def test_no_character_is_a_command(text: str, expected: str) -> None:
    assert escaped(text) == expected


def test_what_tex_cannot_hold_is_drawn_smaller_or_refused() -> None:
    figure = Figure("net", "net", "", (Box("a", Style.OP, "conv", "a"),))
    layout = Layout(100, 20_000, {"a": Spot(0, 0, 1, 1)}, {}, {})
    with pytest.raises(DrawingError, match="too large for tikz"):
        tikz_source(figure, layout)


# -- pdflatex


@cache
def missing() -> str:
    """What is not here of what sets a figure; empty where all is."""
    if shutil.which("pdflatex") is None:
        return "pdflatex"
    for file in ("standalone.cls", "tikz.sty", "helvet.sty"):
        if subprocess.run(["kpsewhich", file], capture_output=True, check=False).returncode:
            return file
    return ""


@pytest.fixture
def latex() -> None:
    if missing():
        pytest.skip(f"there is no {missing()} here")


def hostile() -> Graph:
    b = Builder(SPECIAL)
    x = bottleneck(b, "a_b%.0", b.input(16, 8, 8, name="x_$"), 8)
    return b.graph(**{"y#^": x})


def compiled(text: str, folder: Path) -> str:
    """The log of pdflatex, which must not have stopped."""
    (folder / "net.tikz").write_text(text, "utf-8")
    # the page's size is read from the PDF, which is not to be compressed for it
    start = r"\pdfobjcompresslevel=0 \input{net.tikz}"
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-jobname=net", start]
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, timeout=100)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "(1 page," in log
    return log


@pytest.mark.usefixtures("latex")
@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("residual", View()),
        ("hostile", View()),
        pytest.param("streams", View(depth=2), marks=pytest.mark.slow),
        pytest.param("loops", View(style="dark"), marks=pytest.mark.slow),
        pytest.param("u", View(direction="LR"), marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_pdflatex_sets_it_in_the_size_of_the_layout(name: str, view: View, tmp_path: Path) -> None:
    graph = hostile() if name == "hostile" else SMALL[name]()
    layout = placed(sheet(graph, view), view).layout
    log = compiled(text_of(graph, view), tmp_path)
    assert "Overfull" not in log
    assert "Missing character" not in log
    found = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "net.pdf").read_bytes())
    assert found is not None
    assert [float(each) for each in found.groups()] == pytest.approx([layout.width + 12, layout.height + 12], abs=3)


@pytest.mark.usefixtures("latex")
@pytest.mark.parametrize("name", ["heads", "hostile", pytest.param("u", marks=pytest.mark.slow)])
def test_pdflatex_sets_volumes_in_the_size_of_the_picture(name: str, tmp_path: Path) -> None:
    graph = hostile() if name == "hostile" else SMALL[name]()
    view = View(style="volumes", width="7in", legend=True)
    log = compiled(text_of(graph, view), tmp_path)
    assert "Overfull" not in log
    assert "Missing character" not in log
    found = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", (tmp_path / "net.pdf").read_bytes())
    assert found is not None
    canvas = volume_canvas(volume_figure(graph, view), view.width)
    sides = [canvas.width * canvas.scale, canvas.height * canvas.scale]
    assert [float(each) for each in found.groups()] == pytest.approx(sides, abs=3)
