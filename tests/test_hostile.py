"""Hostile text in every place of a spec, in every format: it is shown, and it does nothing.

Each text is compared with a benign twin, the same spec with plain words: what is printed and drawn has the same
structure, whatever the text.
"""

from __future__ import annotations

import ast
import csv
import io
import json
import re
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import torch
import yaml

import archdsl
from archdsl.diagnostics.diagnostic import Severity
from archdsl.diagnostics.rendering import render_github, render_json, render_text
from archdsl.document.files import source_of
from archdsl.drawing.canvas import dot_picture, svg_source
from archdsl.drawing.dot import dot_source
from archdsl.drawing.markup import printable
from archdsl.drawing.mermaid import mermaid_source
from archdsl.drawing.painting import painted
from archdsl.drawing.rendering import _drawn, pictures
from archdsl.drawing.tikz_volumes import tikz_volumes
from archdsl.drawing.volumes import volume_canvas
from archdsl.elaboration.analyse import analyse
from archdsl.figure.figure import Figure
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.figure.volumes import volume_figure
from archdsl.ir.graph import Graph
from archdsl.viewer import page
from tests.audit import nothing_happens
from tests.hostile_texts import HOSTILE
from tests.theming.theming_of import figure_saying
from tests.thorough import some
from tests.viewer.packed import content_of

BENIGN = "words"
IDS = [f"{number}:{ascii(text)[1:-1][:24]}" for number, text in enumerate(HOSTILE)]


def written(text: str) -> dict[str, Any]:
    """A network with the text wherever text may stand."""
    given = text.replace("$", "S")
    return {
        "archdsl": 1,
        "summary": text,
        "reference": text,
        "note": text,
        "params": {"free": text, "act": "relu"},
        "inputs": {"x": ["N", 4]},
        "blocks": {
            "block": {
                "params": {"said": "text", "more": {"type": "text", "default": text}},
                "note": text,
                "nodes": {
                    "fc": {"op": "linear", "out_features": 4, "note": text, "was": text},
                    "act": {"op": "relu", "note": text},
                    "norm": {"if": "said != 'other'", "op": "layer_norm"},
                },
            }
        },
        "nodes": {
            "a": {"op": "block", "said": given, "note": text},
            "b": {"op": "block", "said": "other"},
            "c": {"note": text, "was": text, "nodes": {"d": {"op": "linear", "out_features": 4}, "e": "relu"}},
        },
        "outputs": {f"{given[:190]} ": "c", "second": "a"},
    }


def encodable(text: str) -> bool:
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def graph_of(folder: Path, text: str) -> Graph:
    """The graph with the text; what YAML cannot hold is set in the graph itself, as a caller's values are."""
    safe = text if encodable(text) else "surrogate"
    file = folder / "net.yaml"
    file.write_text(yaml.safe_dump(written(safe), sort_keys=False), encoding="utf-8")
    graph = archdsl.graph(file)
    if safe != text:
        graph.summary = graph.reference = text
        graph.params["free"] = graph.overrides["free"] = text
        for node in graph.nodes:
            node.note = text
    return graph


@pytest.fixture(scope="module")
def graphs(tmp_path_factory: pytest.TempPathFactory) -> list[Graph]:
    """One for each text, and the benign twin last."""
    folder = tmp_path_factory.mktemp("hostile")
    return [graph_of(folder, text) for text in (*HOSTILE, BENIGN)]


every_text = pytest.mark.parametrize("number", some(range(len(HOSTILE))), ids=IDS)


def shows(text: str) -> bool:
    """Whether each character is one that is seen and can be encoded."""
    return all(letter.isprintable() or letter in "\n\t" for letter in text) and text.encode() is not None


# --- the source -----------------------------------------------------------------------------------


def source_shape(source: str) -> str:
    """The syntax tree without its texts and without the names of outputs."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = "text"
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            node.target.id = "field"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "Outputs":
            node.keywords[0].arg = "field"
    return ast.dump(tree)


@every_text
def test_the_source_holds_the_text_and_does_nothing(graphs: list[Graph], number: int, tmp_path: Path) -> None:
    graph, twin = graphs[number], graphs[-1]
    with nothing_happens(tmp_path):
        source = archdsl.source(graph)
        module = archdsl.build(graph, seed=0)
        found = module(torch.ones(1, 4))
    assert all(letter.isprintable() or letter == "\n" for letter in source)
    assert source_shape(source) == source_shape(archdsl.source(twin))
    expected = archdsl.build(twin, seed=0)(torch.ones(1, 4))
    assert all(torch.equal(a, b) for a, b in zip(found, expected, strict=True))
    said = ast.get_docstring(ast.parse(source), clean=False)
    assert said is not None
    shown = "".join(said.split())
    assert "".join(graph.summary.split()).rstrip(".").encode(errors="backslashreplace").decode() in shown


@every_text
def test_overrides_and_names_of_files_do_nothing(number: int, tmp_path: Path) -> None:
    text = HOSTILE[number]
    name = re.sub(r"[/\0]|^\.", "_", text)[:60].encode(errors="replace").decode() or "_"
    file = tmp_path / f"{name}.yaml"
    file.write_text(yaml.safe_dump(written(BENIGN), sort_keys=False), encoding="utf-8")
    with nothing_happens(tmp_path):
        graph = archdsl.graph(file, free=text)
        source = archdsl.source(graph)
        archdsl.build(graph)
        dot = dot_source(outline(graph, View(depth=1)))
        mermaid = mermaid_source(outline(graph, View(depth=1)))
    assert all(letter.isprintable() or letter == "\n" for letter in source)
    assert source_shape(source).count("ClassDef") == 3
    assert dot.startswith("digraph ") and not re.match(r"digraph\s*<", dot)
    assert mermaid.count("\nflowchart ") == 1


# --- figures --------------------------------------------------------------------------------------


def figures(graphs: list[Graph]) -> list[Figure]:
    return [figure_saying(graph.reference, graph) for graph in graphs]


def compared(shapes: list[Any]) -> None:
    """All are the last one's."""
    wrong = [(IDS[number], shape) for number, shape in enumerate(shapes[:-1]) if shape != shapes[-1]]
    assert not wrong, (wrong[:3], shapes[-1])


def svg_shape(svg: str) -> Any:
    """The elements and their attributes but for texts, which may take several lines."""
    root = ElementTree.fromstring(svg)
    assert not [
        each for each in root.iter() if each.tag.endswith(("}script", "}image", "}a", "}style", "}foreignObject"))
    ]
    names = {name for each in root.iter() for name in each.attrib}
    assert not [name for name in names if name.lower().startswith("on") or "href" in name]
    return [(each.tag, tuple(sorted(each.attrib))) for each in root.iter() if not each.tag.endswith("}text")]


def test_svg_has_the_elements_of_the_benign_twin(graphs: list[Graph], tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        drawn = [data.decode() for data in painted(figures(graphs), "svg")]
    compared(list(map(svg_shape, drawn)))
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", "".join(drawn))


def test_graphviz_reads_the_boxes_and_links_of_the_benign_twin(graphs: list[Graph], tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        read = [json.loads(data) for data in _drawn("dot", "json0", [dot_source(f) for f in figures(graphs)], 60.0)]

    def shape(found: dict[str, Any]) -> Any:
        boxes = [sorted(each) for each in found.get("objects", [])]
        links = [(each["tail"], each["head"]) for each in found.get("edges", [])]
        return sorted(found), boxes, links

    compared(list(map(shape, read)))


def test_mermaid_has_the_lines_of_the_benign_twin(graphs: list[Graph], tmp_path: Path) -> None:
    """Labels stand between quotes, over as many lines as they need."""
    with nothing_happens(tmp_path):
        texts = [mermaid_source(figure) for figure in figures(graphs)]
    bare = [re.sub(r'"`[^`"]*`"|"(?:\\.|[^"\\])*"', "…", text) for text in texts]
    compared([re.sub(r"\boutput(_[A-Za-z0-9_]+)?", "output", text).splitlines() for text in bare])
    assert all("<" not in text and "&" not in text for text in texts)


_SAID = re.compile(
    r"\\(?:text(?:backslash|ascii(?:tilde|circum|grave)|less|greater|bar|quotedbl|quotesingle|periodcentered)"
    r"|texttimes|dots|enspace|name|note(?:\[[^]]*\])?|textcolor\{[^}]*\}|[#$%&_{}])|\$\\(?:rightarrow|oplus)\$|\$-\$"
)
"""What a text may become: characters, and the size and colour that it has."""


def test_tikz_has_the_commands_of_the_benign_twin(graphs: list[Graph], tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        texts = [data.decode() for data in painted(figures(graphs), "tikz")]

    def shape(text: str) -> Any:
        assert all(letter == "\n" or " " <= letter <= "~" or "À" <= letter <= "ÿ" for letter in text)
        return sorted(re.findall(r"\\[A-Za-z@]+|(?m:^%)", _SAID.sub("", text)))

    compared(list(map(shape, texts)))


def test_volumes_have_the_elements_of_the_benign_twin(graphs: list[Graph], tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        found = [volume_canvas(volume_figure(graph, View(title=graph.reference[:80]))) for graph in graphs]
        drawn = [data.decode() for data in pictures(list(map(dot_picture, found)), "svg")]
    compared([svg_shape(svg_source(canvas)) for canvas in found])
    compared([sorted(set(re.findall(r"\\[A-Za-z@]+|(?m:^%)", _SAID.sub("", tikz_volumes(each))))) for each in found])
    for canvas, svg in zip(found, drawn, strict=True):
        said = [printable(text.text).split() for part in canvas.parts for text in part.texts if text.text.strip()]
        assert [(each.text or "").split() for each in ElementTree.fromstring(svg).findall(".//{*}text")] == said


# --- the page -------------------------------------------------------------------------------------


class _Page(HTMLParser):
    """The elements and attributes of a page, and what its scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.seen: list[Any] = []
        self.scripts: list[str] = []
        self.inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, attrs))
        self.inside = tag
        if tag == "script":
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(tag)
        self.inside = ""

    def handle_comment(self, data: str) -> None:
        self.seen.append("comment")

    def handle_data(self, data: str) -> None:
        if self.inside == "script":
            self.scripts[-1] += data


MARKUP = [number for number, text in enumerate(HOSTILE) if re.search("[<>&\ud800]|\u2028|alert|{}|\x1b", text)]


@pytest.mark.parametrize("number", some(MARKUP), ids=[IDS[number] for number in MARKUP])
def test_the_page_has_the_elements_of_the_benign_twin(graphs: list[Graph], number: int, tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        text = page(graphs[number])
    found, twin = _Page(text), _Page(page(graphs[-1]))
    assert found.seen == twin.seen
    assert found.scripts[1:] == twin.scripts[1:]
    content = content_of(text)  # of which the page has no character as it is
    assert content["summary"] == content["reference"] == graphs[number].summary
    for figure in content["figures"]:
        looks = [each["look"] for part in ("boxes", "links") for each in figure[part]]
        assert all(re.fullmatch("[a-z0-9 ]+", look) for look in looks)
        texts = [text for box in figure["boxes"] for *_, text in [*box["texts"], ["", box["name"]]]]
        assert all(shows(text.replace("\N{NO-BREAK SPACE}", " ")) for text in texts)
    text.encode()
    assert escape(graphs[number].name) in text


# --- tables and data ------------------------------------------------------------------------------


@every_text
def test_summaries_parse_back(graphs: list[Graph], number: int, tmp_path: Path) -> None:
    graph, twin = graphs[number], graphs[-1]
    with nothing_happens(tmp_path):
        summary = archdsl.summary(graph)
        table, markdown, data, rows = str(summary), summary.markdown(), summary.json(), summary.csv()
    for each in (table, markdown.replace("\N{WORD JOINER}", ""), data, rows):
        assert shows(each)
    read = json.loads(data)
    assert read["summary"] == read["reference"] == read["params"]["free"] == graph.summary
    assert len(table.splitlines()) == len(str(archdsl.summary(twin)).splitlines())
    cells, plain = (list(csv.reader(io.StringIO(each))) for each in (rows, archdsl.summary(twin).csv()))
    assert [row[:1] + row[2:] for row in cells] == [row[:1] + row[2:] for row in plain]
    assert not [cell for row in cells for cell in row if cell[:1] in tuple("=+-@\t\r")]
    lines, expected = markdown.splitlines(), archdsl.summary(twin).markdown().splitlines()
    assert [line.count("|") - line.count("\\|") for line in lines] == [line.count("|") for line in expected]
    assert unescaped(lines[0]) == f"**{visible_words(graph)}**"


def visible_words(graph: Graph) -> str:
    about = f"{graph.name}: {graph.summary}" if graph.summary else graph.name
    shown = "".join(each if each.isprintable() else " " if each == "\t" else ascii(each)[1:-1] for each in about)
    return f"{shown} (x 4)"


def unescaped(line: str) -> str:
    """Markdown's backslashes before punctuation taken away."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", line.replace("\N{WORD JOINER}", ""))


@every_text
def test_markdown_reads_nothing_in_the_text(graphs: list[Graph], number: int) -> None:
    """No character that Markdown or HTML would read stands without a backslash."""
    line = archdsl.summary(graphs[number]).markdown().splitlines()[0].removeprefix("**").removesuffix("**")
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*\[\]<>|~$&#]", line)


@every_text
def test_a_comparison_can_be_shown(graphs: list[Graph], number: int, tmp_path: Path) -> None:
    with nothing_happens(tmp_path):
        difference = archdsl.diff(graphs[number], graphs[-1])
        text, data = str(difference), difference.json()
    assert shows(text) and shows(data)
    json.loads(data)


# --- diagnostics ----------------------------------------------------------------------------------

POSITIONS: list[dict[str, Any]] = [
    {"name": "TEXT"}, {"extends": "TEXT"}, {"use": ["TEXT"]}, {"params": {"TEXT": 1}}, {"let": {"TEXT": 1}},
    {"let": {"a": "TEXT"}}, {"inputs": {"TEXT": ["N"]}}, {"inputs": {"x": ["TEXT"]}},
    {"inputs": {"x": {"shape": ["N"], "dtype": "TEXT"}}}, {"blocks": {"TEXT": {"nodes": []}}},
    {"blocks": {"b": {"inputs": {"TEXT": ["N"]}, "nodes": ["relu"]}}, "nodes": ["b"]}, {"nodes": {"TEXT": "relu"}},
    {"nodes": ["TEXT"]}, {"nodes": [{"op": "TEXT"}]}, {"nodes": [{"op": "relu", "from": "TEXT"}]},
    {"nodes": [{"op": "relu", "TEXT": 1}]}, {"nodes": [{"op": "relu", "if": "TEXT"}]}, {"nodes": {"a": "= TEXT"}},
    {"nodes": [{"op": "pad", "pad": [1, 1], "mode": "TEXT"}]}, {"nodes": [{"op": "cast", "dtype": "TEXT"}]},
    {"nodes": [{"op": "rearrange", "pattern": "TEXT"}]}, {"nodes": [{"op": "einsum", "equation": "TEXT"}]},
    {"nodes": [{"op": "linear", "out_features": 2, "init": {"weight": "TEXT"}}]}, {"init": {"TEXT": "zeros"}},
    {"nodes": [{"op": "linear", "out_features": 2, "init": {"TEXT": "zeros"}}]}, {"init": {"linear": "TEXT"}},
    {"nodes": [{"op": "linear", "out_features": 2, "tie": {"weight": "TEXT"}}]}, {"nodes": {"for TEXT in x": "relu"}},
    {"nodes": {"for i in TEXT": "relu"}}, {"outputs": {"a": "TEXT"}}, {"outputs": "TEXT"}, {"TEXT": 1},
    {"nodes": [{"op": "chunk", "chunks": 2, "dim": 1, "names": ["TEXT", "b"]}]},
    {"weights": {"renames": {"TEXT": "a"}}},
    {"weights": {"resize": {"a": "TEXT"}}}, {"nodes": [{"share": "TEXT"}]}, {"nodes": [{"op": "relu", "when": "TEXT"}]},
    {"nodes": [{"op": "scan", "body": "TEXT", "over": {"TEXT": "x"}}]}, {"patch": {"TEXT": 1}},
]  # fmt: skip


def placed(value: Any, text: str) -> Any:
    """The data with the text in place of `TEXT`."""
    if isinstance(value, dict):
        return {placed(key, text): placed(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [placed(each, text) for each in value]
    return value.replace("TEXT", text) if isinstance(value, str) else value


CHOSEN = [text for text in HOSTILE if encodable(text)]


@pytest.mark.parametrize("position", range(len(POSITIONS)), ids=[str(each)[:60] for each in POSITIONS])
@pytest.mark.parametrize("half", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_mistakes_are_told_without_control_characters(position: int, half: int, tmp_path: Path) -> None:
    """Each text in each place is taken or told, in every format of messages; where it is taken, it is built."""
    base = {"archdsl": 1, "inputs": {"x": ["N", 4]}, "nodes": ["relu"]}
    for text in CHOSEN[half + position % 2 :: 2] if half == 0 else CHOSEN:
        file = tmp_path / "net.yaml"
        file.write_text(yaml.safe_dump({**base, **placed(POSITIONS[position], text)}, sort_keys=False), "utf-8")
        with nothing_happens(tmp_path):
            graph, told = analyse(file)
            shown = [render_text(told, source_of, colour=False), render_json(told), render_github(told)]
        assert all(map(shows, shown)), text
        json.loads(shown[1])
        assert (graph is None) == any(found.severity is Severity.ERROR for found in told)
        if graph is not None:
            with nothing_happens(tmp_path):
                archdsl.build(graph, device="meta")
