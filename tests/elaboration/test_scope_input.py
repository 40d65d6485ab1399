"""What came into a scope is called `input`, and nothing else is taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.diagnostics.diagnostic import Severity
from tests.elaboration.support import analyse_text, graph_of, mistakes, shape, sources

X = "inputs: {x: [N, 4]}\n"
TWO = "inputs: {x: [N, 4], y: [N, 4]}\n"
FIRST = X + "nodes:\n  first: {op: linear, out_features: 4}\n"
RESIDUAL = """
  residual:
    nodes:
      fc: {op: linear, out_features: 4}
      add: = fc + input
"""


def test_a_residual_in_a_nested_scope(tmp_path: Path) -> None:
    assert sources(graph_of(tmp_path, FIRST + RESIDUAL), "residual.add") == ["residual.fc", "first"]


def test_of_a_scope_with_from(tmp_path: Path) -> None:
    graph = graph_of(
        tmp_path, FIRST + RESIDUAL.replace("    nodes:", "    from: x\n    nodes:") + "  out: = residual + first"
    )
    assert sources(graph, "residual.add") == ["residual.fc", "x"]


def test_of_a_scope_in_a_scope(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, FIRST + """
  a:
    - {op: linear, out_features: 4}
    - nodes:
        - nodes: {b: tanh, c: = b * input}
        - {value: relu(input)}
    - {op: cat, dim: 1, from: [input, 0, 1.1, 1.0]}
""")  # fmt: skip
    assert sources(graph, "a.1.0.c") == ["a.1.0.b", "a.0"]
    assert sources(graph, "a.1.1") == ["a.0"]
    assert sources(graph, "a.2") == ["first", "a.0", "a.1.1", "a.1.0.c"]


def test_in_each_turn_of_a_loop(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, FIRST + """
  for i in range(2):
    layer$i:
      nodes: {fc: {op: linear, out_features: 4}, add: = fc + input}
""")  # fmt: skip
    assert sources(graph, "layer1.add") == ["layer1.fc", "layer0.add"]


def test_of_a_block_and_of_a_network_with_one_input(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
inputs: {image: [N, 4]}
blocks:
  residual:
    nodes: {fc: {op: linear, out_features: 4}, add: = fc + input}
nodes:
  a: residual
  b: = a + input
""")  # fmt: skip
    assert sources(graph, "a.add") == ["a.fc", "image"]
    assert sources(graph, "b") == ["a.add", "image"]


def test_its_shape_and_its_outputs(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
inputs: {x: [N, 6, 4, 4]}
nodes:
  pool: {op: max_pool2d, kernel_size: 2}
  parts: {op: chunk, chunks: 2, dim: 1, names: [a, b]}
  scope:
    nodes:
      sum: = input.a + input.b
      up: {op: interpolate, size: "input.a.shape[1:3]"}
""")  # fmt: skip
    assert sources(graph, "scope.sum") == ["parts.a", "parts.b"]
    assert shape(graph, "scope.up") == "N×3×3×2"


READS = ["= fc + x", "{op: relu, from: x}", "{op: cat, dim: 1, from: [fc, x]}", "{op: matmul, from: {other: x}}",
         "{op: unflatten, dim: 1, unflattened_size: \"x.shape[1:]\"}", "{nodes: [{op: relu, from: x}]}"]  # fmt: skip


@pytest.mark.parametrize("read", READS)
def test_an_input_from_outside_is_not_taken_for_it(read: str, tmp_path: Path) -> None:
    text = """
inputs: {x: [4, 4]}
nodes:
  first: relu
  residual:
    nodes: {fc: {op: linear, out_features: 4}, last: READ}
  out: {op: cat, dim: 1, from: [residual, first]}
""".replace("READ", read if read.startswith("{") else f'"{read}"')  # fmt: skip
    inner = "residual.last" if "nodes" in read else "residual"
    assert mistakes(tmp_path, text) == [
        ("outer-input", f"`x` is an input from outside of `{inner}`, and not what came into it")
    ]
    given = text.replace("    nodes: {fc", "    from: x\n    nodes: {fc")
    if inner == "residual":
        assert not errors(tmp_path, given)
    assert not errors(tmp_path, text.replace("  first:", "  outer: {from: x}\n  first:").replace(
        read, read.replace("x", "outer") if read.startswith("=") else read.replace(" x}", " outer}").replace(
            " x]", " outer]").replace("x.shape", "outer.shape")))  # fmt: skip


def errors(folder: Path, text: str) -> list[str]:
    return [d.message for d in analyse_text(folder, text)[1] if d.severity is Severity.ERROR]


def test_other_inputs_from_outside_are_read_by_name(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, TWO + "nodes:\n  first: relu\n  scope:\n    nodes: {a: tanh, b: = a + y}\n")
    assert sources(graph, "scope.b") == ["scope.a", "y"]


def test_an_input_that_is_what_came_in(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, TWO + "nodes:\n  scope: {nodes: {a: tanh, b: = a + x, c: {from: input}, d: = b * c}}\n"
                                     "  out: = scope + y\n")  # fmt: skip
    assert sources(graph, "scope.b") == ["scope.a", "x"]
    assert sources(graph, "scope.d") == ["scope.b", "x"]


def test_a_scope_of_a_block_with_several_inputs(tmp_path: Path) -> None:
    assert mistakes(tmp_path, TWO + "nodes: {a: = input + y}") == [
        ("unknown-node", "`input` is one of several here: `x`, `y`")
    ]


@pytest.mark.parametrize("written", [
    "inputs: {input: [N, 4], y: [N, 4]}\nnodes: {a: tanh, b: = a + input + y}",
    "inputs: {x: [N, 4], y: [N, 4]}\nnodes: {input: {from: x}, a: tanh, b: = a + input + y}",
    "inputs: {input: [N, 4], y: [N, 4]}\nnodes: {s: {nodes: {a: tanh, b: = a + input + y}}}",
])  # fmt: skip
def test_a_node_or_input_may_be_called_so(written: str, tmp_path: Path) -> None:
    last = sources(graph_of(tmp_path, written), "s.b" if "{s:" in written else "b")
    assert last[1:] == ["input" if "{input: [" in written else "x", "y"]


def test_a_value_may_be_called_so(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, "params: {input: 3}\n" + X + "nodes: {a: = x * input}")
    assert sources(graph, "a") == ["x"]


def test_a_node_of_that_name_is_not_read_before_it_is_written(tmp_path: Path) -> None:
    found = mistakes(tmp_path, X + "nodes: {a: = relu(input), input: {op: tanh, from: x}, b: = a + input}")
    assert [code for code, _ in found] == ["forward-reference"]


@pytest.mark.parametrize("around", [
    "inputs: {input: [N, 4]}\nnodes:\n  first: tanh\n",
    X + "nodes:\n  input: tanh\n  first: relu\n",
    "inputs: {x: [N, 8]}\nnodes:\n  input: {op: chunk, chunks: 2, dim: 1, names: [a, b]}\n  first: {from: input.a}\n",
    X + "nodes:\n  input.part: tanh\n  first: relu\n",
])  # fmt: skip
def test_two_of_that_name_are_told(around: str, tmp_path: Path) -> None:
    found = mistakes(tmp_path, around + RESIDUAL)
    assert found[0] == (
        "outer-input", "`input` is what came into `residual`, and what is around it has an `input` of its own"
    )  # fmt: skip
