"""The page as text: small, shut in, and safe from what a spec says."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

import archdsl
from archdsl import formats, viewer
from archdsl.drawing import painting, rendering
from archdsl.drawing.forms import EDGE
from archdsl.drawing.layout import Layout, Point, Spot, Way
from archdsl.drawing.settle import LaidOut
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style
from archdsl.figure.flow import Flow
from archdsl.viewer.content import content
from archdsl.viewer.drawn import drawn
from archdsl.viewer.figures import Drawn
from archdsl.viewer.modules import Modules
from tests.viewer.packed import content_of

HOSTILE = """\
archdsl: 1
name: hostile
summary: '</script><script>alert(1)</script> <img src=x onerror=alert(1)>'
reference: '<!-- <script> &amp; "quoted"'
inputs: {x: [N, 3, H, W]}
nodes:
  conv: {op: conv2d, out_channels: 8, kernel_size: 3, note: '</script><img src=x onerror=alert(2)> $name ${style}'}
  relu: {op: relu, note: "<svg onload=alert(3)> ' \\" ]]> \\u2028"}
"""


@pytest.fixture(scope="module")
def resnet50() -> str:
    return viewer.page(archdsl.graph("resnet50"))


@pytest.mark.parametrize("name", ["densenet264", "llama_3_1_405b"])
def test_the_page_of_a_giant_stays_below_300_kilobytes(name: str) -> None:
    text = viewer.page(archdsl.graph(name))
    assert len(text.encode()) < 200_000
    assert content_of(text)["leftOut"] == []


def test_figures_that_differ_in_numbers_alone_are_laid_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    laid_out: list[str] = []
    monkeypatch.setattr(painting, "lay_out", lambda dots: laid_out.extend(dots) or rendering.lay_out(dots))
    told = content(archdsl.graph("densenet121"))
    assert len(told["figures"]) > 60
    assert len(laid_out) < 16
    assert len({str(figure) for figure in told["figures"]}) == len(told["figures"])


def test_the_policy_allows_this_style_and_this_script_alone(resnet50: str) -> None:
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', resnet50)
    assert policy is not None
    rules = dict(rule.split(" ", 1) for rule in policy[1].replace("&#x27;", "'").split("; "))
    hashes = {}
    for kind, tag in (("script-src", r'<script type="module">'), ("style-src", "<style>")):
        (text,) = re.findall(rf"{tag}(.*?)</", resnet50, re.DOTALL)
        hashes[kind] = f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert rules == {
        "default-src": "'none'", "img-src": "data:", "base-uri": "'none'", "form-action": "'none'", **hashes,
    }  # fmt: skip


def test_the_page_names_no_other_address(resnet50: str) -> None:
    page = resnet50.replace("http://www.w3.org/2000/svg", "").replace(quote("http://www.w3.org/2000/svg"), "")
    assert re.findall(r"https?:|//\w+\.\w+", page) == []
    assert re.findall(r"<[^>]*\s(?:src|srcset|style|on\w+)=", page) == []
    assert (
        re.findall(r"@import|url\((?!data:)|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write", page)
        == []
    )


def test_nothing_that_a_spec_says_becomes_markup(tmp_path: Path) -> None:
    spec = tmp_path / "hostile.yaml"
    spec.write_text(HOSTILE, "utf-8")
    page = viewer.page(archdsl.graph(spec))
    assert page.count("<script") == page.count("</script>") == 4
    assert "<img" not in page and "<svg onload" not in page and "<!--" not in page
    said = content_of(page)
    assert said["summary"].startswith("</script><script>alert(1)")
    notes = [module["note"] for module in said["modules"] if "note" in module]
    assert notes[0] == "</script><img src=x onerror=alert(2)> $name ${style}"
    texts = [text for box in said["figures"][0]["boxes"] for *_, text in box["texts"]]
    assert any(text.startswith("</script><img src=x") for text in texts)


def test_equal_blocks_share_record_and_figure() -> None:
    told = content(archdsl.graph("resnet50"))
    modules = told["modules"]
    stage = dict(modules[dict(modules[told["root"]]["children"])["layer3"]]["children"])
    assert (len(stage), len(set(stage.values()))) == (6, 2)
    first, second = stage["0"], stage["1"]
    assert modules[first]["figure"] != modules[second]["figure"]
    assert "downsample" in dict(modules[first]["children"])


@pytest.mark.parametrize("name", ["whisper_tiny", "gru", "swin_t", "mamba_130m"])
def test_formulas_and_expressions_are_shown_as_specs_write_them(name: str) -> None:
    graph = archdsl.graph(name)
    fields = [each for record in Modules(graph, Flow(graph)).records for each in record.get("fields", {}).values()]
    assert len(fields) > 10
    assert [each for each in fields if re.search(r"\w+\(\w+=|<\w+|object at", each)] == []


def test_a_formula_is_told_in_the_names_of_the_spec() -> None:
    graph = archdsl.graph("gru")
    records = Modules(graph, Flow(graph)).records
    told = [record["fields"]["expression"] for record in records if record.get("op") == "formula"]
    assert "(1 - update) * new + update * h" in told


def test_what_the_modules_hold_adds_up() -> None:
    graph = archdsl.graph("swin_t")
    told = content(graph)
    root = told["modules"][told["root"]]
    assert (root["parameters"], root["macs"]) == (graph.parameters, graph.macs)
    paths: list[str] = []

    def look(path: str, number: int) -> None:
        for name, child in told["modules"][number].get("children", []):
            paths.append(f"{path}.{name}" if path else name)
            look(paths[-1], child)

    look("", told["root"])
    assert {node.path for node in graph.nodes} <= set(paths)


def test_every_scope_with_a_box_has_a_figure_of_names_seen_from_inside() -> None:
    told = content(archdsl.graph("gpt2"))
    for module in told["modules"]:
        if module.get("block") == "block":
            figure = told["figures"][module["figure"]]
            titles = {box["name"] for box in figure["boxes"] if box["look"].split()[0] in ("op", "card", "merge")}
            held = {name for title in titles for name in figure["holds"].get(title, [title])}
            assert {name.split(".")[0] for name in held} <= set(dict(module["children"]))
            return
    raise AssertionError("no block")


def test_sources_are_told_from_the_specs_folder_and_without_their_indent() -> None:
    pieces = content(archdsl.graph("resnet50"))["sources"]
    assert {piece["file"] for piece in pieces} == {"specs/families/resnet.yaml"}
    assert any(piece["text"].startswith("bottleneck:\n  ") for piece in pieces)


def test_figures_that_were_drawn_are_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Drawn = {}
    first = content(archdsl.graph("lenet5"), drawn)
    monkeypatch.setattr("archdsl.viewer.figures.laid_out", lambda *_: pytest.fail("drawn again"))
    assert content(archdsl.graph("lenet5"), drawn) == first


def test_figures_that_take_too_long_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.viewer.figures.BATCH", 1)
    monkeypatch.setattr("archdsl.viewer.figures.PATIENCE", 0.0)
    told = content(archdsl.graph("squeezenet1_0"))
    assert len(told["figures"]) == 1
    assert "features" in told["leftOut"]


def laid_out_figure() -> LaidOut:
    boxes = (
        Box("a", Style.OP, "conv", "Conv", fields="64", lines=("note",)),
        Box("b", Style.CARD, "block", "Block", aside="b", times=6),
        Box("+", Style.MERGE, "reshape", "+"),
        Box("fork", Style.FORK, "block", ""),
    )
    panel = Panel("p", (Box("p header", Style.HEADER, "block", "p"), *boxes), dashed=True)
    links = (Link("a", "b", LinkRole.SPINE, label="8×8"), Link("b", "+", LinkRole.SKIP, dashed=True))
    spots = {"a": Spot(60, 20, 100, 30), "b": Spot(130, 80, 240, 34), "+": Spot(60, 130, 16, 16)}
    layout = Layout(
        300, 200, spots | {"p header": Spot(20, 5, 10, 10), "fork": Spot(0, 0, 1, 1)}, {"p": Spot(130, 75, 260, 150)},
        {
            ("a", "b", "spine"): Way((Point(60, 35), Point(60, 57)), Point(60, 63), Point(90, 48)),
            ("b", "+", "skip"): Way((Point(270, 80), Point(280, 80), Point(280, 130), Point(70, 130)), None, None),
        },
    )  # fmt: skip
    return LaidOut(Figure("figure", "", "", (panel,), links), layout)


def test_a_figure_is_told_by_places_and_texts() -> None:
    told = drawn(laid_out_figure())
    assert told["frame"] == [-6, -6, 292, 162]
    assert told["panels"] == [{"at": [0, 0, 260, 150], "dashed": True}]
    header, op, card, merge = told["boxes"]  # a point that only leads a link is nothing to draw
    assert (header["look"], op["look"], card["look"], merge["look"]) == ("header", "op conv", "card block", "merge")
    assert op["at"] == [10, 5, 100, 30]
    assert [(look, text) for look, *_, text in op["texts"]] == [("name", "Conv"), ("field", "64"), ("small", "note")]
    (_, left, top, width, _), (_, after, same, long, _), (_, _, below, *_) = op["texts"]
    assert top == same < 20 < below < 35
    assert after > left + width
    assert (left + after + long) / 2 == pytest.approx(60, abs=0.2)
    assert card["texts"][0][1] == pytest.approx(10 + EDGE, abs=0.1)
    assert card["pill"]["text"][-1] == "×6" and card["pill"]["at"][0] > 200
    assert told["links"][0] == {
        "look": "spine", "ends": ["a", "b"], "way": [60, 35, 60, 63], "arrow": True,
        "text": ["shape", *told["links"][0]["text"][1:4], "8×8"],
    }  # fmt: skip
    assert told["links"][1]["dashed"] and told["links"][1]["way"] == [270, 80, 280, 80, 280, 130, 70, 130]


def test_the_command_writes_the_page(archdsl_cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    file = tmp_path / "net.html"
    code, out, said = archdsl_cli("draw", "lenet5", "-o", file)
    assert (code, out, said.splitlines()[-1]) == (0, "", f"wrote {file}")
    assert content_of(file.read_text("utf-8"))["name"] == "lenet5"


def test_a_page_takes_the_options_that_are_of_all_its_figures(tmp_path: Path) -> None:
    theme = tmp_path / "theme.yaml"
    theme.write_text('labels: {c1: First}\ncolours: {c1: "#ffd6a5"}\nhide: [tanh6]\nlegend: true\n')
    graph = archdsl.graph("lenet5")
    told = content(graph, view=formats.asked(graph, {"theme": theme, "style": "print", "counts": False}))
    first = told["figures"][told["modules"][told["root"]]["figure"]]
    texts = [text for box in first["boxes"] for *_, text in box["texts"]]
    assert "First" in texts
    assert not any("params" in text for text in texts)
    assert ("own1", "First") in told["legend"]
    assert told["scheme"] == "light"
    assert any(rule.startswith(".figure .own1 { --fill: light-dark(#") for rule in told["rules"])
    assert (
        archdsl.draw("lenet5", tmp_path / "net.html", theme=theme).read_text("utf-8").count("First") == 0
    )  # it is packed
    assert content(graph)["rules"] == []


@pytest.mark.parametrize(
    ("options", "named"),
    [({"depth": 2}, "depth"), ({"width": "7in"}, "width")],
)
def test_a_page_takes_no_options_of_one_picture(tmp_path: Path, options: dict[str, Any], named: str) -> None:
    with pytest.raises(formats.DrawingError, match=f"a page takes no `{named}`"):
        archdsl.draw("lenet5", tmp_path / "net.html", **options)


def test_without_graphviz_the_error_is_that_of_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(*_: object) -> None:
        raise formats.MissingError("there is no Graphviz")

    monkeypatch.setattr("archdsl.viewer.figures.laid_out", missing)
    with pytest.raises(formats.MissingError):
        viewer.page(archdsl.graph("lenet5"))
    with pytest.raises(formats.DrawingError, match=r"wrote `.*net\.dot` instead"):
        archdsl.draw("lenet5", tmp_path / "net.html")


def test_an_overview_that_cannot_be_laid_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object) -> None:
        raise formats.TooLargeError("too large")

    monkeypatch.setattr("archdsl.viewer.figures.laid_out", too_large)
    with pytest.raises(formats.TooLargeError, match="the overview"):
        viewer.page(archdsl.graph("lenet5"))
