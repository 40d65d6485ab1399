"""The format is pinned: what its version names, what `docs/graph.md` shows, and what `examples/small.json` is."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import archdsl
from archdsl.expressions import tree
from archdsl.ir.exchange.parts import _CODECS, ENV, FILE, GRAPH, LINKS, NODE, SCOPE, SITE, TABLES, VERSION
from archdsl.ir.graph import Binding, Graph, LoopStep, Scan, SizeCheck
from archdsl.ir.initialise import Initialiser
from archdsl.ir.renaming import Rename, Resize
from archdsl.ops.base import Weight
from archdsl.shapes import TensorType

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "graph.md").read_text("utf-8")
ITEM = ("path", "site", "env", "loops", "when", "note", "was")
RECORDS = {
    "graph": (GRAPH, ("name", "summary", "reference", "sample_sizes", "params", "file", "overrides", "renames",
                      "resizes", "reads", "chosen", "pruned")),
    "file": (FILE, ("file", "text")),
    "site": (SITE, ("lines", "extent", "key_extent", "fields", "op", "condition", "otherwise", "formula")),
    "env": (ENV, ("names", "parent")),
    "node": (NODE, (*ITEM, "op", "inputs", "types", "output_names", "tensors", "macs", "init", "share",
                    "registered", "measured", "tie", "frozen")),
    "scope": (SCOPE, (*ITEM, "kind", "block", "definition", "arguments", "registered", "scan", "listed")),
    "links": (LINKS, ("inputs", "outputs", "features", "checks", "share", "children")),
}  # fmt: skip
INNER: dict[type, tuple[str, ...]] = {
    Binding: ("value", "kind", "definition"),
    LoopStep: ("loop", "index", "env"),
    TensorType: ("shape", "dtype"),
    Weight: ("shape", "dtype", "buffer"),
    Initialiser: ("name", "arguments", "reads"),
    SizeCheck: ("value", "position", "size"),
    Scan: ("steps", "reverse"),
    Rename: ("before", "now"),
    Resize: ("mode", "prefix", "align_corners"),
    tree.Literal: ("value",),
    tree.Name: ("name",),
    tree.Unary: ("sign", "operand"),
    tree.Binary: ("sign", "left", "right"),
    tree.Compare: ("first", "rest"),
    tree.Logic: ("word", "parts"),
    tree.Choice: ("condition", "then", "otherwise"),
    tree.Call: ("function", "arguments"),
    tree.Attribute: ("value", "name"),
    tree.Subscript: ("value", "index"),
    tree.Slice: ("value", "lower", "upper", "step"),
    tree.Sequence: ("items", "kind"),
    tree.Comprehension: ("element", "loops"),
    tree.Loop: ("targets", "iterable", "conditions"),
}


def test_another_key_is_another_version() -> None:
    """Where this fails, raise `VERSION`, say in `docs/graph.md` what is new, and pin it here."""
    assert VERSION == 4
    for record, keys in RECORDS.values():
        assert tuple(part.name for part in record.parts) == keys
    for kind, keys in INNER.items():
        assert tuple(part.name for part in _CODECS.parts(kind)) == keys


def test_the_page_names_every_key() -> None:
    told = {*re.findall(r"`(\w+)`", PAGE)}
    for record, keys in RECORDS.values():
        if record not in (FILE, SITE, ENV):
            assert {*keys} - told <= {"output_names", "measured", "listed"}, keys
    assert {*TABLES} <= told


def block(language: str) -> str:
    """The page's one block of a language."""
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_page_shows_what_is_written(tmp_path: Path) -> None:
    (tmp_path / "tiny.yaml").write_text(block("yaml"))
    assert archdsl.graph(tmp_path / "tiny.yaml").to_json() == block("json")


def test_the_page_shows_what_is_said() -> None:
    data = json.loads(block("json"))
    data["nodes"][0]["op"]["linear"]["out_features"] = "many"
    with pytest.raises(archdsl.GraphError) as caught:
        Graph.from_json(json.dumps(data))
    assert f"{caught.value}\n" == block("text")


def test_the_example_is_what_its_spec_gives() -> None:
    examples = ROOT / "examples"
    text = (examples / "small.json").read_text("utf-8")
    assert archdsl.graph(examples / "small.yaml").to_json() == text, "run `archdsl graph small.yaml -o small.json`"


def test_the_example_of_a_back_end_needs_the_standard_library_alone() -> None:
    text = (ROOT / "examples" / "layers.py").read_text("utf-8")
    assert {*re.findall(r"^(?:from|import) (\w+)", text, re.MULTILINE)} == {"json", "sys", "math", "pathlib"}
