"""Pictures: their structure, their fonts, and what happens when something goes wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.drawing import painting, rendering, worker
from archdsl.drawing.dot import dot_source
from archdsl.drawing.layout import Layout
from archdsl.drawing.metrics import FONTS, text_width
from archdsl.drawing.rendering import lay_out
from archdsl.figure.errors import DrawingError, MissingError, TooLargeError
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.formats import DrawingWarning, draw, figure_svg, render
from archdsl.ir.graph import Graph
from archdsl.viewer import page
from tests.figure.building import SMALL, Builder, residual_network, tangle

SVG = "{http://www.w3.org/2000/svg}"


OVERVIEW = View(depth=1)


def dot_text(graph: Graph, view: View = OVERVIEW) -> str:
    return render(graph, "dot", view).decode()


def groups(svg: str, word: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [group for group in root.iter(f"{SVG}g") if word in group.get("class", "").split()]


# -- structure


def test_svg_has_the_boxes_with_their_classes() -> None:
    svg = figure_svg(residual_network(), OVERVIEW)
    assert len(groups(svg, "card")) == 7
    assert len(groups(svg, "conv")) == 1
    assert len(groups(svg, "block")) == 4
    assert len(groups(svg, "port")) == 2
    assert len(groups(svg, "edge")) == len(outline(residual_network(), OVERVIEW).links) == 8


@pytest.mark.parametrize(("name", "depth"), [("residual", 1), ("residual", None), ("streams", 2), ("heads", 1)])
def test_every_text_has_a_length(name: str, depth: int) -> None:
    root = ElementTree.fromstring(figure_svg(SMALL[name](), View(depth=depth)))
    texts = [text for text in root.iter(f"{SVG}text") if (text.text or "").strip()]
    assert texts
    for text in texts:
        bold = text.get("font-weight") == "bold"
        expected = text_width(text.text or "", float(text.get("font-size", "")), bold=bold)
        assert float(text.get("textLength", "nan")) == pytest.approx(expected, abs=0.01)


def test_ids_differ_between_figures() -> None:
    svgs = [figure_svg(SMALL[name]()) for name in ("u", "residual")]
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in svgs]
    assert all(ids)
    assert not ids[0] & ids[1]


def test_svg_says_nothing_of_the_machine_and_stays_the_same() -> None:
    svg = figure_svg(residual_network())
    assert svg == figure_svg(residual_network())
    assert "<!--" not in svg
    assert 'aria-label="residual"' in svg


# -- files and formats


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG"), ("dot", b"digraph")]
)
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"net.{suffix}"
    assert draw(SMALL["growing"](), path) == [path]
    assert path.read_bytes().startswith(start)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["net", "net.gif", "net.svgz"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DrawingError, match=r"expected a name that ends in \.svg, \.pdf, \.png, \.dot"):
        draw(SMALL["growing"](), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_depth_must_be_positive() -> None:
    with pytest.raises(DrawingError, match="depth is 0, expected at least 1"):
        render(SMALL["growing"](), "svg", View(depth=0))


def test_drawing_leaves_the_package_as_it_is() -> None:
    figure_svg(SMALL["growing"]())
    assert {path.name for path in FONTS.iterdir()} == {"ArchdslSans-Bold.ttf", "ArchdslSans-Regular.ttf", "LICENSE"}


def test_a_pdf_carries_our_fonts() -> None:
    data = render(SMALL["growing"](), "pdf")
    assert b"ArchdslSans" in data


def test_all_characters_that_figures_use_are_in_the_fonts() -> None:
    from archdsl.drawing.metrics import _advances

    for bold in (False, True):
        assert {ord(character) for character in "×→·…–+\N{MINUS SIGN}∞≤≥√αβγ\N{NO-BREAK SPACE}"} <= _advances(bold)[
            0
        ].keys()


# -- what goes wrong


@pytest.mark.parametrize("dot", ["digraph { a [label=<<B>x</I>>] }", "digraph { a [shape=bix] ", "graph"])
def test_broken_dot_is_an_error_and_no_wrong_picture(dot: str) -> None:
    with pytest.raises(DrawingError, match="graphviz could not draw the figure"):
        rendering.pictures([dot], "svg")


def test_layout_is_stopped_after_the_time_limit() -> None:
    with pytest.raises(TooLargeError, match="more than 0 seconds"):
        rendering.lay_out([dot_text(residual_network())], time_limit=0)


def test_a_figure_that_takes_too_long_is_drawn_with_less_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def slow(dots: Sequence[str]) -> list[Layout]:
        tried.append(dots)
        if dots[0].count(" -> ") > 10:
            raise TooLargeError("the layout took too long")
        return lay_out(dots)

    monkeypatch.setattr(painting, "lay_out", slow)
    graph = residual_network()
    with pytest.warns(DrawingWarning, match="drawn at depth 1: the layout took too long"):
        drawn = figure_svg(graph, View(depth=9))
    assert drawn == figure_svg(graph, OVERVIEW)
    texts = [dot_source(outline(graph, View(depth=depth))) for depth in (2, 1, 1)]
    assert tried == [[text] for text in texts], "deeper is the same figure"


def test_a_figure_that_is_never_small_enough_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dots: Sequence[str], format: str, *, dpi: int | None = None) -> list[bytes]:
        raise TooLargeError(f"the figure is too large for {format}")

    monkeypatch.setattr(painting, "pictures", refuse)
    with pytest.raises(DrawingError, match="too large for png"):
        render(SMALL["growing"](), "png")


def test_without_graphviz_the_dot_text_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    monkeypatch.setattr(rendering.shutil, "which", lambda name: None)
    with pytest.raises(DrawingError, match=r"wrote `.*net\.dot` instead") as caught:
        draw(SMALL["growing"](), tmp_path / "net.svg")
    assert caught.value.hint is not None and "pip install pygraphviz" in caught.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["net.dot"]
    assert (tmp_path / "net.dot").read_text("utf-8") == dot_text(SMALL["growing"](), View())


DOT = """#!{python}
import sys
from pygraphviz import graphviz
with open({log!r}, "a") as log:
    print(*sys.argv[1:], file=log)
context = graphviz.gvContextWithBuiltins()
drawing = graphviz.agread(sys.stdin, None)
graphviz.gvLayout(context, drawing, sys.argv[1].removeprefix("-K").encode())
sys.stdout.buffer.write(graphviz.gvRenderData(context, drawing, sys.argv[2].removeprefix("-T").encode())[1])
"""


def test_a_dot_on_the_path_is_used_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    program = tmp_path / "dot"
    program.write_text(DOT.format(python=sys.executable, log=str(log)))
    program.chmod(0o755)
    expected = figure_svg(residual_network())
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert figure_svg(residual_network()) == expected
    calls = log.read_text("utf-8").splitlines()
    assert calls[0] == "-Kdot -Tjson0"
    assert calls[-1] == "-Knop2 -Tsvg"


def test_a_pygraphviz_that_does_not_work_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    package = tmp_path / "pygraphviz"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "_graphviz.py").write_text("raise ImportError('no libgvc')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(rendering.shutil, "which", lambda name: None)
    with pytest.raises(MissingError, match="there is no Graphviz"):
        figure_svg(SMALL["growing"]())


@pytest.mark.parametrize(
    ("format", "side", "dpi"),
    [("png", 1000, 150), ("png", 20_000, 115), ("png", 60_000, None), ("pdf", 14_400, 150), ("pdf", 14_401, None),
     ("svg", 1e6, 150)],
)  # fmt: skip
def test_pictures_stay_below_the_limits_of_their_format(format: str, side: float, dpi: int | None) -> None:
    assert worker.resolution(format, side) == dpi


def test_a_picture_that_is_too_long_is_refused() -> None:
    links = " -> ".join(f"n{i}" for i in range(700))
    with pytest.raises(TooLargeError, match="the figure is too large for pdf"):
        rendering._drawn("dot", "pdf", [f"digraph {{ {links} }}"], 20)


def test_a_large_tangle_is_drawn_in_time() -> None:
    graph = tangle([(i % 3 == 0, i * 7919 % 23) for i in range(3000)])
    assert 1 < len(groups(figure_svg(graph, OVERVIEW), "card")) <= 24


def test_a_block_around_everything_is_opened() -> None:
    b = Builder("wrapped")
    b.scope("model", "model")
    x = b.input(3, 8, 8)
    for i in range(3):
        x = b.add(f"model.conv{i}", "conv2d", x, out_channels=4 + i, kernel_size=3)
    assert len(groups(figure_svg(b.graph(x), OVERVIEW), "card")) == 3


def test_importing_archdsl_imports_no_graphviz() -> None:
    code = (
        "import sys, archdsl, archdsl.formats\n"
        "print([name for name in ('graphviz', 'pygraphviz', 'networkx', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("text", ["a b " * 75_000, "W" * 300_000], ids=["words", "one word"])
def test_a_note_or_a_title_of_any_length_is_drawn(text: str, tmp_path: Path) -> None:
    """Words were dropped one by one from the end, for minutes; and Graphviz reads no text of 16,000 characters."""
    spec = tmp_path / "net.yaml"
    block = f"blocks: {{b: {{nodes: [{{op: relu, note: {text}}}, {{op: relu, note: {text}}}]}}}}\n"
    spec.write_text(f"archdsl: 1\ninputs: {{x: [N, 4]}}\n{block}nodes: {{c: {{op: b, note: {text}}}, d: b}}\n")
    graph = archdsl.graph(spec)
    begun = time.process_time()
    for view in (View(depth=1, title=text), View(depth=2), View(only="c", direction="LR")):
        assert b"svg" in render(graph, "svg", view)
        assert render(graph, "mmd", view)
    assert page(graph)
    assert time.process_time() - begun < 4
