"""Formulas and expressions over several lines, in each of YAML's ways to write them: mistakes stand in their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import analyse_text, graph_of

NODES = """\
inputs: {x: [N, T = 8, 16]}
nodes:
  linear: {op: linear, out_features: 16}
  other:
    op: %s
    %s: %s
"""
WRITTEN = (
    ">-\n      FIRST linear * 2\n        + BOO\n      - x\n",
    ">\n      FIRST linear * 2\n\n\n      + BOO\n      - x\n",
    "|\n      FIRST linear * 2\n        + BOO\n        - x\n",
    "|+\n      FIRST linear\n      * BOO\n\n      + x\n\n\n",
    "FIRST linear * 2\n      + BOO\n      + x\n",
    '"FIRST linear * 2\n      + BOO\n\n      + x"\n',
    "'FIRST linear\n      + BOO'\n",
)


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("name", ["boo", "$(boo)", "boo.shape[1]", "(boo +\n        1)"])
def test_a_mistake_in_a_formula_stands_in_its_place(tmp_path: Path, written: str, name: str) -> None:
    text = written.replace("BOO", name)
    if "$" in name and text[0] in ">|":
        text = text.replace("linear", "linear * 3")
    text = NODES.replace("    op: %s\n    %s: %s", "    value: %s") % text.replace("FIRST ", "")
    (found,) = analyse_text(tmp_path, text)[1]
    span, lines = found.span, (tmp_path / "net.yaml").read_text().splitlines()
    assert span is not None and "boo" in found.message
    assert lines[span.line - 1][span.column - 1 : span.column + 2] == "boo"


@pytest.mark.parametrize("written", WRITTEN)
def test_the_same_in_a_field(tmp_path: Path, written: str) -> None:
    text = written.replace("FIRST", "16 *").replace("linear", "T").replace("BOO", "boo").replace("x", "2")
    (found,) = analyse_text(tmp_path, NODES % ("linear", "out_features", text))[1]
    span, lines = found.span, (tmp_path / "net.yaml").read_text().splitlines()
    assert span is not None and found.message.startswith("unknown name `boo`")
    assert lines[span.line - 1][span.column - 1 : span.end_column - 1] == "boo"


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("equals", [False, True])
def test_what_is_right_means_what_it_says(tmp_path: Path, written: str, equals: bool) -> None:
    made = written.replace("FIRST", "=" if equals else "1 *").replace("BOO", "linear")
    head, foot = NODES.split("  other:", maxsplit=1)[0], "  other: " if equals else "  other:\n    value: "
    graph = graph_of(tmp_path, f"{head}{foot}{made}")
    assert [value and value.name for value in graph.nodes[-1].inputs][:1] == ["linear"]
