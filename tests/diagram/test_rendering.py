"""Pictures: their structure, their fonts, and what happens when something goes wrong."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pytest

import archdsl
from archdsl.diagram import (
    DrawingError,
    MissingError,
    TooLargeError,
    dot_text,
    draw,
    figure_svg,
    render,
    rendering,
    worker,
)
from archdsl.diagram.metrics import FONTS, text_width
from archdsl.diagram.outline import outline
from archdsl.zoo import families
from tests.diagram.building import SMALL, Builder, residual_network, tangle

SVG = "{http://www.w3.org/2000/svg}"


def groups(svg: str, word: str) -> list[ElementTree.Element]:
    root = ElementTree.fromstring(svg)
    return [group for group in root.iter(f"{SVG}g") if word in group.get("class", "").split()]


# -- structure


def test_svg_has_the_boxes_with_their_classes() -> None:
    svg = figure_svg(residual_network())
    assert len(groups(svg, "card")) == 7
    assert len(groups(svg, "conv")) == 1
    assert len(groups(svg, "block")) == 4
    assert len(groups(svg, "port")) == 2
    assert len(groups(svg, "edge")) == len(outline(residual_network()).links) == 8


@pytest.mark.parametrize(("name", "depth"), [("residual", 1), ("streams", 2), ("heads", 1)])
def test_every_text_has_a_length(name: str, depth: int) -> None:
    root = ElementTree.fromstring(figure_svg(SMALL[name](), depth=depth))
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


# -- layout


class Placed(NamedTuple):
    text: str
    left: float
    right: float
    low: float
    high: float

    def meets(self, other: Placed) -> bool:
        return self.left < other.right and other.left < self.right and self.low < other.high and other.low < self.high


def placed_texts(operations: list[dict[str, Any]]) -> list[Placed]:
    found, size, bold = [], 0.0, False
    for operation in operations:
        if operation["op"] == "F":
            size = operation["size"]
        elif operation["op"] == "t":
            bold = bool(operation["fontchar"] & 1)
        elif operation["op"] == "T" and operation["text"].strip():
            text, (x, y) = operation["text"], operation["pt"]
            width = text_width(text, size, bold=bold)
            left = {"l": x, "c": x - width / 2, "r": x - width}[operation["align"]]
            blank = text_width(text[: len(text) - len(text.lstrip())], size, bold=bold)
            found.append(Placed(text, left + blank, left + width, y - 0.1 * size, y + 0.65 * size))
    return found


def layout(name: str, depth: int) -> dict[str, Any]:
    graph = SMALL[name]() if name in SMALL else archdsl.graph(name)
    data = rendering.picture(dot_text(graph, depth=depth), "json", name)
    return dict(json.loads(data))


FIRSTS = {family: name for name, family in reversed(families().items())}
"""One network of each family."""
DRAWN = [
    *((name, depth) for name in SMALL for depth in (1, 2)),
    *((name, 1) for name in FIRSTS.values()),
    *(pytest.param(name, 1, marks=pytest.mark.slow) for name in families() if name not in FIRSTS.values()),
]


@pytest.mark.parametrize(("name", "depth"), DRAWN)
def test_no_texts_overlap_and_none_leaves_its_box(name: str, depth: int) -> None:
    made = layout(name, depth)
    texts = placed_texts(made["_ldraw_"])
    bodies = []
    for node in (each for each in made["objects"] if "pos" in each):
        own = placed_texts(node.get("_ldraw_", []))
        x, y = map(float, node["pos"].split(","))
        half, tall = 36 * float(node["width"]), 36 * float(node["height"])
        body = Placed(node["name"], x - half, x + half, y - tall, y + tall)
        bodies.append(body)
        for text in own:
            assert body.left - 1 <= text.left and text.right <= body.right + 1, (text, body)
            assert body.low <= text.low and text.high <= body.high, (text, body)
        texts += own
    beside = [text for edge in made["edges"] for text in placed_texts(edge.get("_ldraw_", []))]
    for first, second in itertools.combinations([*texts, *beside], 2):
        assert not first.meets(second), (first, second)
    for first, second in itertools.chain(itertools.combinations(bodies, 2), itertools.product(beside, bodies)):
        assert not first.meets(second), (first, second)


def segments(edge: dict[str, Any]) -> list[Placed]:
    """The straight pieces that an edge runs along; each third point of a curve lies on it."""
    points = [tuple(map(float, each.split(","))) for each in edge["pos"].split(" ") if each[0] not in "es"]
    return [
        Placed("", min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1]))
        for a, b in itertools.pairwise(points[::3])
    ]


@pytest.mark.parametrize("name", ["loops", "lstm", "seq2seq_bahdanau"])
def test_a_loop_edge_goes_out_and_back_and_nothing_crosses_it(name: str) -> None:
    made = layout(name, 1)
    nodes = {node["_gvid"]: node for node in made["objects"]}
    edges = [edge for edge in made["edges"] if edge.get("style") != "invis"]
    loops = [edge for edge in edges if edge["class"] == "loop"]
    pairs = [(edge["tail"], edge["head"]) for edge in loops]
    assert pairs
    assert all(pair[::-1] in pairs for pair in pairs)
    for edge in loops:
        card, beside = sorted((edge["tail"], edge["head"]), key=lambda each: nodes[each]["class"] == "loop")
        assert float(nodes[card]["pos"].split(",")[0]) < float(nodes[beside]["pos"].split(",")[0])
        others = [piece for other in edges if other is not edge for piece in segments(other)]
        assert not [piece for own in segments(edge) for piece in others if own.meets(piece)]


def test_widths_are_those_of_the_layout() -> None:
    made = layout("residual", 1)
    operations = [o for node in made["objects"] for o in node.get("_ldraw_", [])]
    size, bold = 0.0, False
    checked = 0
    for operation in operations:
        if operation["op"] == "F":
            size = operation["size"]
        elif operation["op"] == "t":
            bold = bool(operation["fontchar"] & 1)
        elif operation["op"] == "T":
            # Graphviz rounds the place of each letter to whole pixels, at 96 to the inch
            expected = pytest.approx(operation["width"], abs=2, rel=0.04)
            assert text_width(operation["text"], size, bold=bold) == expected
            checked += 1
    assert checked > 10


# -- files and formats


@pytest.mark.parametrize(
    ("suffix", "start"), [("svg", b"<?xml"), ("pdf", b"%PDF"), ("png", b"\x89PNG"), ("dot", b"digraph")]
)
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str, start: bytes) -> None:
    path = tmp_path / f"net.{suffix}"
    assert draw(SMALL["growing"](), path) == path
    assert path.read_bytes().startswith(start)
    assert [each.name for each in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["net", "net.gif", "net.svgz"])
def test_other_suffixes_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(DrawingError, match=r"expected a name that ends in \.svg, \.pdf, \.png, \.dot"):
        draw(SMALL["growing"](), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_depth_must_be_positive() -> None:
    with pytest.raises(DrawingError, match="depth is 0, expected at least 1"):
        render(SMALL["growing"](), "svg", depth=0)


def test_drawing_leaves_the_package_as_it_is() -> None:
    figure_svg(SMALL["growing"]())
    assert {path.name for path in FONTS.iterdir()} == {"ArchdslSans-Bold.ttf", "ArchdslSans-Regular.ttf", "LICENSE"}


def test_a_pdf_carries_our_fonts() -> None:
    data = render(SMALL["growing"](), "pdf")
    assert b"ArchdslSans" in data


def test_all_characters_that_figures_use_are_in_the_fonts() -> None:
    from archdsl.diagram.metrics import _advances

    for bold in (False, True):
        assert {ord(character) for character in "×→·…–+\N{MINUS SIGN}∞≤≥√αβγ\N{NO-BREAK SPACE}"} <= _advances(bold)[
            0
        ].keys()


# -- what goes wrong


@pytest.mark.parametrize("dot", ["digraph { a [label=<<B>x</I>>] }", "digraph { a [shape=bix] ", "graph"])
def test_broken_dot_is_an_error_and_no_wrong_picture(dot: str) -> None:
    with pytest.raises(DrawingError, match="graphviz could not draw the figure"):
        rendering.picture(dot, "svg", "broken")


def test_layout_is_stopped_after_the_time_limit() -> None:
    with pytest.raises(TooLargeError, match="more than 0 seconds"):
        rendering.picture(dot_text(residual_network()), "svg", "slow", time_limit=0.01)


def test_a_figure_that_takes_too_long_is_drawn_with_less_detail(monkeypatch: pytest.MonkeyPatch) -> None:
    tried = []

    def slow(dot: str, format: str, title: str) -> bytes:
        tried.append(dot)
        if dot.count(" -> ") > 10:
            raise TooLargeError("too slow")
        return dot.encode()

    monkeypatch.setattr("archdsl.diagram.picture", slow)
    graph = residual_network()
    assert render(graph, "svg", depth=9).decode() == dot_text(graph)
    assert tried == [dot_text(graph, depth=depth) for depth in (2, 1)], "deeper is the same figure"


def test_a_figure_that_is_never_small_enough_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(dot: str, format: str, title: str) -> bytes:
        raise TooLargeError("the figure is too large for png")

    monkeypatch.setattr("archdsl.diagram.picture", refuse)
    with pytest.raises(DrawingError, match="too large for png"):
        render(SMALL["growing"](), "png")


def test_without_graphviz_the_dot_text_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    monkeypatch.setattr(rendering.shutil, "which", lambda name: None)
    with pytest.raises(DrawingError, match=r"wrote `.*net\.dot` instead") as caught:
        draw(SMALL["growing"](), tmp_path / "net.svg")
    assert caught.value.hint is not None and "pip install pygraphviz" in caught.value.hint
    assert [each.name for each in tmp_path.iterdir()] == ["net.dot"]
    assert (tmp_path / "net.dot").read_text("utf-8") == dot_text(SMALL["growing"]())


def test_a_dot_on_the_path_is_used_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "dot"
    program.write_text("#!/bin/sh\necho '<svg xmlns=\"http://www.w3.org/2000/svg\">'\"$@\"'</svg>'\n")
    program.chmod(0o755)
    monkeypatch.setattr(rendering, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert "-Tsvg" in figure_svg(SMALL["growing"]())


def test_a_pygraphviz_that_does_not_work_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pygraphviz.py").write_text("raise ImportError('no libgvc')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
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
        rendering.picture(f"digraph {{ {links} }}", "pdf", "long")


def test_a_large_tangle_is_drawn_in_time() -> None:
    graph = tangle([(i % 3 == 0, i * 7919 % 23) for i in range(3000)])
    assert 1 < len(groups(figure_svg(graph), "card")) <= 24


def test_a_block_around_everything_is_opened() -> None:
    b = Builder("wrapped")
    b.scope("model", "model")
    x = b.input(3, 8, 8)
    for i in range(3):
        x = b.add(f"model.conv{i}", "conv2d", x, out_channels=4 + i, kernel_size=3)
    assert len(groups(figure_svg(b.graph(x)), "card")) == 3


def test_importing_archdsl_imports_no_graphviz() -> None:
    code = (
        "import sys, archdsl, archdsl.diagram\n"
        "print([name for name in ('graphviz', 'pygraphviz', 'networkx', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
