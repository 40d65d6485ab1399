"""What a message says of the line to change, where that is not the line at which the mistake shows."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.elaboration.analyse import analyse
from tests.elaboration.support import HEAD


def first(folder: Path, text: str) -> Diagnostic:
    """The first mistake; the text begins in line 4."""
    path = folder / "net.yaml"
    path.write_text(HEAD + "inputs: {x: [N, 3, 8, 8]}\n" + dedent(text))
    return next(found for found in analyse(path)[1] if found.severity is Severity.ERROR)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("{nodes: [{op: linear, out_features: Q}]}", "unknown name `Q` in a block without `inputs`, `params` or `let`"),
        ("{inputs: {x: [N, C, H, W]}, nodes: [{op: linear, out_features: Q}]}",
         "unknown name `Q` in a block without `params` or `let`"),
        ("{inputs: {x: [N, C, H, W]}, let: {a: half}, nodes: [{op: linear, out_features: a}]}",
         "unknown name `half` in a block without `params`"),
        ("{params: {p: 1}, nodes: [{op: linear, from: left, out_features: p}]}",
         "no node `left` in a block without `inputs`"),
        ("{inputs: {x: [N, C, H, W]}, params: {p: 1}, nodes: [{op: linear, out_features: p * Q}]}",
         "unknown name `Q`"),
    ],
)  # fmt: skip
def test_sections_that_could_give_a_name_are_said_to_be_absent(tmp_path: Path, block: str, message: str) -> None:
    assert first(tmp_path, f"blocks: {{b: {block}}}\nnodes: [b]\n").message == message


def test_a_file_without_parameters(tmp_path: Path) -> None:
    found = first(tmp_path, "nodes: [flatten, {op: linear, out_features: classes}]\n")
    assert found.message == "unknown name `classes` in a file without `params` or `let`"


def test_a_near_name_says_no_section_is_absent(tmp_path: Path) -> None:
    found = first(tmp_path, "nodes:\n  - flatten\n  - for width in [1, 2]: {op: linear, out_features: widht}\n")
    assert (found.message, found.notes[0][:2]) == ("unknown name `widht`", ("width", "line 6"))


def test_a_near_name_in_a_block_that_nobody_uses(tmp_path: Path) -> None:
    body = "nodes: [{op: linear, out_features: planes}]"
    text = f"blocks:\n  b:\n    params:\n      plxanes: int\n    {body}\nnodes: [relu]\n"
    assert first(tmp_path, text).notes[0][:2] == ("plxanes", "line 7")


@pytest.mark.parametrize("nodes", ["[{op: relu, from: imag}]", "[{nodes: [{op: relu, from: imag}]}]"])
def test_a_near_name_is_an_input_of_a_block(tmp_path: Path, nodes: str) -> None:
    """It stands where the block declares it, and what is fed there somewhere else."""
    text = f"blocks:\n  b:\n    inputs:\n      image: [N, C, H, W]\n    nodes: {nodes}\nnodes: {{first: relu, b: b}}\n"
    assert first(tmp_path, text).notes[0][:2] == ("image", "line 7")


def test_a_library_that_no_use_brings(tmp_path: Path) -> None:
    found = first(tmp_path, "nodes: [encoder_layer]\n")
    assert found.message == "unknown op or block `encoder_layer`, which no `use` brings"


def test_a_block_whose_name_is_none_is_not_unknown_too(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(HEAD + "inputs: {x: [N, 3]}\nblocks:\n  'branch:': {nodes: [relu]}\nnodes: [branch]\n")
    assert [(found.code, found.span and found.span.line) for found in analyse(path)[1]] == [("bad-name", 5)]


def test_a_name_made_of_nothing_else_is_no_node_written_later(tmp_path: Path) -> None:
    text = "nodes:\n  first_b: relu\n  second: {op: relu, from: first}\n  for side in ['a', 'b']:\n    $side: relu\n"
    found = first(tmp_path, text)
    assert (found.code, found.hint, found.notes[0][:2]) == (
        "unknown-node", "did you mean `first_b`?", ("first_b", "line 5"),
    )  # fmt: skip


def test_a_node_that_may_come_later_has_a_near_one(tmp_path: Path) -> None:
    text = "nodes:\n  m3_b: relu\n  for i in range(2, -1, -1):\n    m$i: {op: relu, from: m$(i + 1)}\n"
    found = first(tmp_path, text)
    assert ("m3_b", "line 5", "") in found.notes


def test_loops_that_read_too_far_and_that_give_too_little(tmp_path: Path) -> None:
    text = "nodes:\n  for i in range(2):\n    m$i: relu\n  for k in range(3):\n    n$k: {op: relu, from: m$k}\n"
    notes = first(tmp_path, text).notes
    assert ("k", "2", "line 7") in notes
    assert ("for i", "line 5", "gives other names") in notes


def test_a_number_on_a_line_of_its_own_that_made_a_size(tmp_path: Path) -> None:
    text = """\
        nodes:
          a:
            op: conv2d
            out_channels: 3
            kernel_size: 3
          b: {op: relu}
          c: = b + x
        """
    assert ("kernel_size", "3", "line 8") in first(tmp_path, text).notes


def test_what_a_shared_node_reads(tmp_path: Path) -> None:
    text = "nodes:\n  a: {op: conv2d, out_channels: 4, kernel_size: 1}\n  b: {share: a}\n"
    found = first(tmp_path, text)
    assert found.code == "bad-share"
    assert ("x", "N×3×8×8", "from x (line 3)") in found.notes and ("a", "N×4×8×8", "from a (line 5)") in found.notes


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("nodes:\n  nodes:\n    proj: relu\n", "bad-node", 5),
        ("nodes:\n  fro k in range(3):\n    a$k: relu\n", "bad-name", 5),
        ("blocks:\n  stem:\n    - relu\nnodes: [relu]\n", "wrong-type", 5),
        ("weights:\n  renames:\n    fro i in range(3):\n      a: b\nnodes: [relu]\n", "bad-rename", 6),
    ],
)
def test_the_key_is_told_where_its_value_cannot_be_meant(tmp_path: Path, text: str, code: str, line: int) -> None:
    found = first(tmp_path, text)
    assert found.span is not None
    assert (found.code, found.span.line) == (code, line)


def test_a_block_among_the_inputs(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(HEAD + "inputs:\n  x: [N, 3]\n  b:\n    inputs: {x: [N, C]}\n    nodes: [relu]\nnodes: [relu]\n")
    found = analyse(path)[1][0]
    assert found.message == "`b` is a block, and blocks stand under `blocks`"
    assert found.span is not None and found.span.line == 5


@pytest.mark.parametrize(
    "text",
    [
        "params:\n  heads: 0\nlet:\n  size: 8 // heads\nnodes: [relu]\n",
        "params:\n  heads: 0\nblocks:\n  b:\n    let:\n      size: 8 // heads\n    nodes: [relu]\nnodes: [b]\n",
        "params:\n  heads: 0\nnodes: {a: relu}\noutputs: a$(8 // heads)\n",
        "params:\n  heads: 0\nnodes:\n  p: {op: parameter, shape: [8], init: normal(std=$(8 // heads))}\n",
    ],
)
def test_what_an_expression_read_that_could_not_be_evaluated(tmp_path: Path, text: str) -> None:
    found = first(tmp_path, text)
    assert found.message == "8 // 0 divides by zero"
    assert found.notes[0] == ("heads", "0", "line 5")


def test_what_an_inputs_size_read(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(
        HEAD
        + "params:\n  n: 0\ninputs:\n  x: {shape: [N, 3], dtype: int64, below: n}\n  y: [N, T = n]\nnodes: [relu]\n"
    )
    told = [found.notes for found in analyse(path)[1] if found.code == "bad-value"]
    assert told == [(("n", "0", "line 4"), ("also", "", "in line 7"))]
