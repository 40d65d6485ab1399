"""The page as text: small, shut in, and safe from what a spec says."""

from __future__ import annotations

import json
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
from archdsl.figure.flow import Flow
from archdsl.figure.view import View
from archdsl.viewer.compact import compact
from archdsl.viewer.content import content
from archdsl.viewer.figures import Drawn
from archdsl.viewer.modules import Modules

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


def data_of(page: str) -> dict[str, Any]:
    """What the page holds, as its script reads it."""
    found = re.search(r'<script id="content" type="application/json">(.*?)</script>', page, re.DOTALL)
    assert found is not None
    return dict(json.loads(found[1]))


@pytest.fixture(scope="module")
def resnet50() -> str:
    return viewer.page(archdsl.graph("resnet50"))


def test_a_network_of_fifty_layers_stays_below_300_kilobytes(resnet50: str) -> None:
    assert len(resnet50.encode()) < 300_000


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
    assert re.findall(r"@import|url\(|innerHTML|outerHTML|insertAdjacentHTML|\beval\(|document\.write", page) == []


def test_nothing_that_a_spec_says_becomes_markup(tmp_path: Path) -> None:
    spec = tmp_path / "hostile.yaml"
    spec.write_text(HOSTILE, "utf-8")
    page = viewer.page(archdsl.graph(spec))
    assert page.count("<script") == page.count("</script>") == 2
    assert "<img" not in page and "<svg onload" not in page and "<!--" not in page
    said = data_of(page)
    assert said["summary"].startswith("</script><script>alert(1)")
    notes = [module["note"] for module in said["modules"] if "note" in module]
    assert notes[0] == "</script><img src=x onerror=alert(2)> $name ${style}"
    assert "&lt;/script&gt;&lt;img" in said["figures"][0]["svg"]


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
            titles = set(re.findall(r"<g class='(?:op|card|merge)[^']*'><title>([^<]*)</title>", figure["svg"]))
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
    monkeypatch.setattr("archdsl.viewer.figures.painted", lambda *_: pytest.fail("drawn again"))
    assert content(archdsl.graph("lenet5"), drawn) == first


def test_figures_that_take_too_long_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.viewer.figures.BATCH", 1)
    monkeypatch.setattr("archdsl.viewer.figures.PATIENCE", 0.0)
    told = content(archdsl.graph("squeezenet1_0"))
    assert len(told["figures"]) == 1
    assert "features" in told["leftOut"]


def test_a_figure_is_made_small_and_cropped() -> None:
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg"><g class="graph"><title>net</title>'
        '<text x="0" y="-999" font-size="11.5">net</text>'
        '<g class="node op conv"><title>a&amp;b</title><path fill="#fff" stroke="#000" '
        'd="M20,-30C20,-30 10,-30 10,-30 10,-20 10,-20 10,-10 40,-10 40,-10 40,-30 20,-30 20,-30 20,-30"/>'
        '<text x="12" y="-15.04" font-weight="bold" font-size="10.50" textLength="26.24">Conv</text>'
        '<text x="40" y="-15" font-size="9.00" textLength="20">\u00a0 64</text>'
        "</g>"
        '<g class="edge skip"><title>a</title><path fill="none" d="M0,0C0,0 0,50 0,50 5,55 6,56 7,57"/></g></g></svg>'
    )
    assert compact(svg) == (
        "<svg xmlns='http://www.w3.org/2000/svg' viewBox='-6 -36 72 99'>"
        "<g class='op conv'><title>a&amp;b</title><rect x='10' y='-30' width='30' height='20'/>"
        "<text class='name' x='12' y='-15' textLength='26.2'>Conv</text>"
        "<text class='field' x='50' y='-15' textLength='10'>64</text></g>"
        "<g class='skip'><path d='M0 0L0 50C5 55 6 56 7 57'/></g></svg>"
    )


def test_the_command_writes_the_page(archdsl_cli: Callable[..., tuple[int, str, str]], tmp_path: Path) -> None:
    file = tmp_path / "net.html"
    code, out, said = archdsl_cli("draw", "lenet5", "-o", file)
    assert (code, out, said.splitlines()[-1]) == (0, "", f"wrote {file}")
    assert data_of(file.read_text("utf-8"))["name"] == "lenet5"


def test_a_page_takes_no_options_of_figures(tmp_path: Path) -> None:
    with pytest.raises(formats.DrawingError, match="takes no options"):
        formats.draw(archdsl.graph("lenet5"), tmp_path / "net.html", View(depth=2))


def test_without_graphviz_the_error_is_that_of_figures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def missing(*_: object) -> None:
        raise formats.MissingError("there is no Graphviz")

    monkeypatch.setattr("archdsl.viewer.figures.painted", missing)
    with pytest.raises(formats.MissingError):
        viewer.page(archdsl.graph("lenet5"))
    with pytest.raises(formats.DrawingError, match=r"wrote `.*net\.dot` instead"):
        archdsl.draw("lenet5", tmp_path / "net.html")


def test_an_overview_that_cannot_be_laid_out_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_large(*_: object) -> None:
        raise formats.TooLargeError("too large")

    monkeypatch.setattr("archdsl.viewer.figures.painted", too_large)
    with pytest.raises(formats.TooLargeError, match="the overview"):
        viewer.page(archdsl.graph("lenet5"))
