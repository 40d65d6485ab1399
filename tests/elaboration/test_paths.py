"""One rule for paths, in formulas and in fields; what reads a shape reads the node; null and text."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import Severity
from tests.elaboration.support import analyse_text, graph_of, mistakes, shape, sources

X = "inputs: {x: [N, 4, H = 8, W = 6]}\n"
STAGES = (
    X
    + """
params: {names: [a, b]}
nodes:
  stages: [{op: max_pool2d, kernel_size: 2}, relu]
  a0: tanh
  for n in names:
    at.$n: {op: relu, from: a0}
  up: READ
  out: {op: cat, dim: 2, from: [up, at.a, at.b]}
"""
)


@pytest.mark.parametrize("size", [
    "stages.0.shape[2:]", "['stages.1.shape[2]', 'stages.0.shape[3]']", "a$(0).shape[2:]",
    "$(names[0] + '0').shape[2:]", "['at.$(names[1]).shape[2]', 2 * W // 4]", "stages.$(len(names) - 1).shape[2:]",
    "at.b.shape[2:]",
])  # fmt: skip
def test_sizes_read_paths_as_formulas_do(size: str, tmp_path: Path) -> None:
    text = STAGES.replace("READ", f"\n    op: interpolate\n    from: x\n    size: {size}")
    graph, found = analyse_text(tmp_path, text)
    assert graph is not None, found
    assert shape(graph, "up") == "N×4×(H // 2)×(W // 2)"


def test_formulas_read_such_paths(tmp_path: Path) -> None:
    graph, _ = analyse_text(tmp_path, STAGES.replace("READ", "= at.$(names[0]) * stages.$(0).shape[2] + a$(0)"))
    assert graph is not None
    assert sources(graph, "up") == ["at.a", "a0"]


@pytest.mark.parametrize(("size", "message", "columns"), [
    ("b$(0).shape[2:]", "unknown name `b0`", (11, 16)),
    ("a$(1 / 0).shape[2:]", "1 / 0 divides by zero", (14, 19)),
    ("stages.7.shape[2:]", "unknown name `stages.7`", (11, 19)),
])  # fmt: skip
def test_mistakes_are_told_where_they_stand(size: str, message: str, columns: tuple[int, int], tmp_path: Path) -> None:
    _, found = analyse_text(tmp_path, STAGES.replace("READ", f"\n    op: interpolate\n    size: {size}"))
    span = found[0].span
    assert span is not None
    assert (found[0].message, (span.column, span.end_column)) == (message, columns)


@pytest.mark.parametrize(
    ("parts", "names"),
    [("{op: relu}", []), ("{op: chunk, chunks: 1, dim: 1}", []), ("{op: topk, k: 2}", ["values", "indices"]),
     ("{op: chunk, chunks: 2, dim: 1}", ["0", "1"]), ("{op: chunk, chunks: 2, dim: 1, names: [b, a]}", ["b", "a"]),
     ("{op: chunk, chunks: 4, dim: 1, names: [a, b, c, d]}", ["a", "b", "c", "d"])],
)  # fmt: skip
def test_one_of_several_outputs_is_read_by_its_name_or_number(parts: str, names: list[str], tmp_path: Path) -> None:
    for number in (0, 1, 2, 3, 4, 12):
        graph, found = analyse_text(
            tmp_path, f"{X}\nnodes:\n  parts: {parts}\n  out: {{op: detach, from: parts.{number}}}\n"
        )
        if number < len(names):
            assert graph is not None and sources(graph, "out") == [f"parts.{names[number]}"]
        else:
            assert [d.message for d in found if d.severity is Severity.ERROR] == [f"`parts` has no `{number}`"]


def test_in_loops_conditions_and_blocks(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
inputs: {x: [N, 4, 8, 8]}
blocks:
  up:
    params: {size: list}
    nodes: {up: {op: interpolate, size: size}}
nodes:
  parts: [{op: max_pool2d, kernel_size: 2}, relu]
  for i in range(parts.0.shape[1] // 2):
    c$i: {if: "parts.1.shape[2] == 4", op: up, size: "parts.$(i).shape[1:3]"}
""")  # fmt: skip
    assert shape(graph, "c1.up") == "N×4×4×4"


def warned(folder: Path, text: str) -> list[str]:
    found = analyse_text(folder, text)[1]
    return [d.message for d in found if d.severity is Severity.WARNING and "is read by no node" in d.message]


TWO = "inputs: {x: [N, 4, 8, 8], y: [N, 4, P, Q]}\n"
READERS = {
    "a field": "s: {op: interpolate, from: x, size: 'w.shape[1:3]'}",
    "a formula": "s: = x * w.shape[1]",
    "a block's argument": "s: {op: up, from: x, size: 'w.shape[1:3]'}",
    "a block's derived value": "s: {op: like, from: [x, w]}",
    "a second use of a block": "s: {op: like, from: [x, y]}\n  t: {op: like, from: [s, w]}",
    "a node of a block": "s: {op: inner, from: [x, w]}\n  t: {op: inner, from: [s, w]}",
    "a size that a block's pattern names": "s: {op: sized, from: [x, w]}",
    "a size in a block of a block": "s: {op: outer, from: [x, w]}",
    "a scope": "s: {from: x, nodes: [{op: interpolate, size: 'w.shape[1:3]'}]}",
}


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS)
def test_what_reads_a_shape_reads_the_node(reader: str, tmp_path: Path) -> None:
    text = (
        TWO
        + f"""
blocks:
  up:
    params: {{size: list}}
    nodes: {{up: {{op: interpolate, size: size}}}}
  like:
    inputs: {{x: [N, C, H, W], like: [...]}}
    let: {{size: "like.shape[1:3]"}}
    nodes: {{up: {{op: interpolate, from: x, size: size}}}}
  sized:
    inputs: {{x: [N, C, H, W], like: [N, P, Q, D]}}
    nodes: {{up: {{op: interpolate, from: x, size: "[P, Q]"}}}}
  outer:
    inputs: {{x: [N, C, H, W], like: [...]}}
    nodes: {{sized: {{op: sized, from: [x, like]}}}}
  inner:
    inputs: {{x: [N, C, H, W], like: [...]}}
    nodes: {{as: {{op: tanh, from: like}}, up: {{op: interpolate, from: x, size: "as.shape[1:3]"}}}}
nodes:
  w: {{op: rearrange, from: y, pattern: n c h w -> n h w c}}
  {reader}
""".replace("as:", "as_:").replace("as.shape", "as_.shape")
    )
    assert warned(tmp_path, text) == []


def test_a_size_that_another_input_names_is_not_read(tmp_path: Path) -> None:
    text = (
        TWO
        + """
blocks:
  b: {inputs: {x: [N, C, H, W], like: [N, C, P, Q]}, nodes: {out: {op: linear, from: x, out_features: C}}}
nodes: {w: {op: tanh, from: y}, s: {op: b, from: [x, w]}}
"""
    )
    assert "`w` is read by no node and is no output" in warned(tmp_path, text)


def test_what_nobody_reads_is_still_told(tmp_path: Path) -> None:
    assert warned(tmp_path, TWO + "nodes: {w: {op: tanh, from: y}, s: {op: relu, from: x}}") == [
        "`w` is read by no node and is no output"
    ]


@pytest.mark.parametrize("declared", ["text", "{type: text, default: relu}", "{type: text, default: null}", "relu"])
def test_null_leaves_out_what_a_text_names(declared: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, X + f"""
blocks:
  b: {{params: {{act: {declared}}}, nodes: [{{op: conv2d, out_channels: 4, kernel_size: 1}}, $act]}}
nodes:
  a: {{op: b, act: null}}
  b: {{op: b, act: relu}}
""")  # fmt: skip
    assert [node.op.name for node in graph.nodes] == ["conv2d", "conv2d", "relu"]


def test_null_is_no_number(tmp_path: Path) -> None:
    found = mistakes(tmp_path, X + "blocks: {b: {params: {n: int}, nodes: [relu]}}\nnodes: [{op: b, n: null}]")
    assert found == [("bad-value", "`n` of `b` is null, expected a whole number")]
