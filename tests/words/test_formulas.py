"""A formula's box names what the spec reads; a cell's equations read as such."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.figure.distinct import distinct_blocks
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.words.titles import title
from tests.elaboration.support import analyse_text, graph_of
from tests.figure.seeing import plain

TWO = """
inputs: {x: [N, 8]}
blocks:
  wide: {inputs: {x: [N, C]}, nodes: {r: {op: relu, from: x}, s: = r + 1}}
  two: {inputs: {x: [N, C]}, nodes: {s: {op: chunk, chunks: 2, dim: 1}}, outputs: {low: s.0, high: s.1}}
nodes:
"""


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        ("{a: {op: wide, from: x}, b: {op: wide, from: x}, out: = a * b + 2}", "a * b + 2"),
        ("{a: {op: two, from: x}, out: = a.low * a.high + 2}", "a.low * a.high + 2"),
        ("{p: {op: wide, from: x}, a: {nodes: {b: wide}}, out: = p - a * 3}", "p - a * 3"),
        ("{p: relu, a: [wide], b: {from: p, nodes: {c: [wide]}}, out: = a * b + 2}", "a * b + 2"),
    ],
)
def test_a_formula_names_what_the_spec_reads(tmp_path: Path, nodes: str, text: str) -> None:
    graph, _ = analyse_text(tmp_path, f"{TWO}  {nodes}\n")
    assert graph is not None
    node = graph.nodes[-1]
    assert plain(title(node, {"N": 1}).text) == text


def test_a_long_formula_is_set_as_mathematics_has_it(tmp_path: Path) -> None:
    nodes = "{first: {op: relu, from: x}, second: {op: tanh, from: x}, out: = sigmoid(first) * second - second ** 2}"
    node = graph_of(tmp_path, f"inputs: {{x: [N, 8]}}\nnodes: {nodes}\n").nodes[-1]
    assert plain(title(node, {"N": 1}).text) == "σ(first)·second − second²"


CELLS = {
    "lstm": ["c′ = σ(f)·c + σ(i)·tanh(g)", "h′ = σ(o)·tanh(c′)"],
    "gru": [
        "reset = σ(of_x.r + of_h.r)", "update = σ(of_x.z + of_h.z)", "new = tanh(of_x.n + reset·of_h.n)",
        "h′ = (1 − update)·new + update·h",
    ],
    "elman_rnn": ["h′ = tanh(from_x + from_h)"],
}  # fmt: skip


@pytest.mark.parametrize("name", CELLS)
def test_the_equations_of_a_cell(name: str) -> None:
    graph = archdsl.graph(name)
    (cell,) = distinct_blocks(graph)
    figure = outline(graph, View(depth=1), scope=cell.scope)
    assert [plain(box.title) for box in figure.boxes() if "=" in box.title] == CELLS[name]


def test_what_a_loop_is_given_twice_has_two_names(tmp_path: Path) -> None:
    cell = "{inputs: {h: [N, C], k: [N, C]}, nodes: {out: = tanh(h) + k}, outputs: {h: out}}"
    loop = "{op: scan, body: cell, steps: 2, carry: {h: x}, capture: {k: x}}"
    text = f"inputs: {{x: [N, 8]}}\nblocks: {{cell: {cell}}}\nnodes: {{a: {loop}}}\noutputs: a.h\n"
    node = next(node for node in graph_of(tmp_path, text).nodes if node.name == "out")
    assert plain(title(node, {"N": 1}).text) == "h′ = tanh(h) + k"
