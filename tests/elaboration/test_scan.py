"""Loops over time as graphs: what stands in them, shapes, counts, and what a loop refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from archdsl.ir.graph import Graph, Scope
from archdsl.shapes import evaluate
from tests.elaboration.support import analyse_text, graph_of, mistakes, paths, shape, sources

CELL = """
blocks:
  cell:
    inputs: {x: [N, C], h: [N, H]}
    nodes:
      from_x: {op: linear, from: x, out_features: H}
      from_h: {op: linear, from: h, out_features: H}
      next: = tanh(from_x + from_h)
    outputs: {h: next, pre: from_x}
"""
START = "  zeros: {op: constant, shape: [N, 4], value: 0}\n"


def loop_of(folder: Path, fields: str = "", inputs: str = "{x: [N, T = 6, 8]}", **params: Any) -> Graph:
    """A network of one loop with these fields more than the usual ones."""
    text = f"{CELL}\ninputs: {inputs}\nnodes:\n{START}"
    text += f"  rnn: {{op: scan, body: cell, over: {{x: x}}, carry: {{h: zeros}}, {fields}}}\noutputs: rnn.h\n"
    return graph_of(folder, text, **params)


def scope_of(graph: Graph, name: str = "rnn") -> Scope:
    scope = graph.root.children[name]
    assert isinstance(scope, Scope)
    return scope


def test_the_body_stands_once_between_the_nodes_of_the_border(tmp_path: Path) -> None:
    graph = loop_of(tmp_path, "dim: 1, collect: {y: h}")
    assert paths(graph) == [
        "zeros", "rnn.x[t]", "rnn.h[t]", "rnn.from_x", "rnn.from_h", "rnn.next", "rnn.y[:]", "rnn.h[-1]"
    ]  # fmt: skip
    assert sources(graph, "rnn.x[t]") == ["x"]
    assert sources(graph, "rnn.h[t]") == ["zeros"]
    assert sources(graph, "rnn.from_x")[0] == "rnn.x[t]"
    assert sources(graph, "rnn.y[:]") == ["rnn.next"]
    assert sources(graph, "rnn.h[-1]") == ["rnn.next", "rnn.h[t]"]
    assert str(scope_of(graph).scan.steps) == "T"  # type: ignore[union-attr]


def test_every_edge_goes_forward(tmp_path: Path) -> None:
    graph = loop_of(tmp_path, "dim: 1, collect: {y: h}")
    order = {node: i for i, node in enumerate([*graph.inputs.values(), *graph.nodes])}
    assert all(order[edge.source.node] < order[edge.target] for edge in graph.edges)


@pytest.mark.parametrize(
    ("dim", "inputs", "slice_", "stacked"),
    [
        (1, "{x: [N, T = 6, 8]}", "N×8", "N×T×4"),
        (0, "{x: [T = 6, N, 8]}", "N×8", "T×N×4"),
        (-2, "{x: [N, T = 6, 8]}", "N×8", "N×T×4"),
        (-1, "{x: [N, 8, T = 6]}", "N×8", "N×4×T"),
    ],
)
def test_shapes(tmp_path: Path, dim: int, inputs: str, slice_: str, stacked: str) -> None:
    graph = loop_of(tmp_path, f"dim: {dim}, collect: {{y: h, z: pre}}", inputs)
    assert shape(graph, "rnn.x[t]") == slice_
    assert shape(graph, "rnn.y[:]") == shape(graph, "rnn.z[:]") == stacked
    assert shape(graph, "rnn.h[-1]") == "N×4"


def test_macs_and_parameters(tmp_path: Path) -> None:
    """A body's multiplications count for every step, its parameters once."""
    graph = loop_of(tmp_path, "dim: 1")
    assert graph.parameters == 8 * 4 + 4 + 4 * 4 + 4
    assert graph.macs == 6 * (8 * 4 + 4 * 4)
    longer = loop_of(tmp_path, "dim: 1", "{x: [N, T = 60, 8]}")
    assert (longer.parameters, longer.macs) == (graph.parameters, 10 * graph.macs)


NESTED = """
blocks:
  outer:
    inputs: {x: [N, T, C], h: [N, H]}
    nodes:
      inner: {op: scan, body: cell, dim: 1, over: {x: x}, carry: {h: h}}
      fc: {op: linear, from: inner.h, out_features: H}
    outputs: {h: fc}
  cell:
    inputs: {x: [N, C], h: [N, H]}
    nodes:
      from_x: {op: linear, from: x, out_features: H}
      next: = tanh(from_x + h)
    outputs: {h: next}
inputs: {x: [N, S = 3, T = 5, 8]}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  outer: {op: scan, body: outer, dim: 1, over: {x: x}, carry: {h: zeros}}
outputs: outer.h
"""


def test_nested_loops_multiply(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NESTED)
    macs = {node.path: evaluate(node.macs, graph.sample_sizes) for node in graph.nodes if node.macs}
    assert macs == {"outer.inner.from_x": 3 * 5 * 8 * 4, "outer.fc": 3 * 4 * 4}


def test_equal_blocks_with_loops_are_copied(tmp_path: Path) -> None:
    text = f"""{CELL}
  layer:
    inputs: {{x: [N, T, C]}}
    nodes:
      zeros: {{op: constant, shape: [N, C], value: 0}}
      rnn: {{op: scan, body: cell, dim: 1, over: {{x: x}}, carry: {{h: zeros}}, collect: {{y: h}}}}
    outputs: rnn.y
inputs: {{x: [N, T = 6, 4]}}
nodes:
  layers:
    - for i in range(3): layer
"""
    graph = graph_of(tmp_path, text)
    assert graph.macs == 3 * 6 * (4 * 4 + 4 * 4)
    for i in range(3):
        layer = scope_of(graph, "layers").children[str(i)]
        assert isinstance(layer, Scope)
        rnn = layer.children["rnn"]
        assert isinstance(rnn, Scope) and rnn.scan is not None
    assert sources(graph, "layers.1.rnn.x[t]") == ["layers.0.rnn.y[:]"]
    assert sources(graph, "layers.2.rnn.h[-1]") == ["layers.2.rnn.next", "layers.2.rnn.h[t]"]


def test_a_number_of_steps(tmp_path: Path) -> None:
    text = f"""{CELL}
params: {{n: 7}}
inputs: {{x: [N, 8]}}
nodes:
{START}  rnn: {{op: scan, body: cell, steps: n, capture: {{x: x}}, carry: {{h: zeros}}, collect: {{y: h}}}}
outputs: rnn.y
"""
    graph = graph_of(tmp_path, text)
    assert shape(graph, "rnn.y[:]") == "7×N×4"
    assert graph.macs == 7 * (8 * 4 + 4 * 4)
    assert shape(graph_of(tmp_path, text, n=2), "rnn.y[:]") == "2×N×4"


def test_body_and_carry_may_be_parameters(tmp_path: Path) -> None:
    text = f"""{CELL}
params: {{unit: cell, state: {{h: zeros}}}}
inputs: {{x: [N, T = 6, 8]}}
nodes:
{START}  rnn: {{op: scan, body: $unit, dim: 1, over: {{x: x}}, carry: $state}}
outputs: rnn.h
"""
    assert shape(graph_of(tmp_path, text), "rnn.h[-1]") == "N×4"


def test_arguments_of_the_body(tmp_path: Path) -> None:
    text = f"""
blocks:
  cell:
    inputs: {{x: [N, C], h: [N, H]}}
    params: {{width: int, act: tanh}}
    nodes:
      wide: {{op: linear, from: x, out_features: width}}
      act: $act
      fc: {{op: linear, out_features: H}}
      next: = fc + h
    outputs: {{h: next}}
inputs: {{x: [N, T = 6, 8]}}
nodes:
{START}  rnn: {{op: scan, body: {{op: cell, width: 3 * 8, act: relu}}, dim: 1, over: {{x: x}}, carry: {{h: zeros}}}}
outputs: rnn.h
"""
    graph = graph_of(tmp_path, text)
    assert shape(graph, "rnn.wide") == "N×24"
    assert scope_of(graph).arguments == {"width": 24, "act": "relu"}


def test_a_block_called_scan_is_that_block(tmp_path: Path) -> None:
    text = """
blocks: {scan: {nodes: [relu]}}
inputs: {x: [N, 8]}
nodes: {only: {op: scan}}
"""
    assert paths(graph_of(tmp_path, text)) == ["only.0"]


def test_what_only_the_run_can_compare(tmp_path: Path) -> None:
    """Of the loop's own inputs, not of a step's."""
    text = f"""{CELL}
inputs: {{x: [N, T = 6, 8], z: [M = 1, U = 6, 4]}}
nodes:
  rnn: {{op: scan, body: cell, dim: 1, over: {{x: x, h: z}}, collect: {{y: h}}}}
outputs: rnn.y
"""
    checks = scope_of(graph_of(tmp_path, text)).checks
    assert [(check.value.name, check.position, str(check.size)) for check in checks] == [
        ("z", 0, "N"), ("z", 1, "T")
    ]  # fmt: skip


READ = f"""{CELL}
inputs: {{x: [N, T = 6, 8]}}
nodes:
{START}  rnn: {{op: scan, body: cell, dim: 1, over: {{x: x}}, carry: {{h: zeros}}, collect: {{y: h}}}}
"""


def test_modules_inside_are_reached_and_values_are_not(tmp_path: Path) -> None:
    tied = READ + "  out: {op: linear, from: rnn.y, out_features: 4, tie: {weight: rnn.from_h.weight}}\n"
    graph = graph_of(tmp_path, tied)
    assert graph.nodes[-1].tie["weight"].name == "rnn.from_h.weight"
    shared = READ + "  again: {share: rnn.from_h, from: rnn.h}\n  out: = again + rnn.h\noutputs: [out, rnn.y]\n"
    assert graph_of(tmp_path, shared).parameters == graph_of(tmp_path, READ + "outputs: rnn.y\n").parameters
    for path in ("rnn.from_x", "rnn.next"):
        assert mistakes(tmp_path, READ + f"  out: {{op: tanh, from: {path}}}\n") == [
            ("no-value", f"`{path}` has a value of its own at each step of a loop over time, and none outside")
        ]


def test_outputs_of_one_mode_do_not_leave_a_step(tmp_path: Path) -> None:
    text = f"""
blocks:
  cell:
    inputs: {{x: [N, C], h: [N, C]}}
    nodes:
      next: = x + h
      aux: {{when: training, value: next * 2}}
    outputs: {{h: next, aux: aux}}
inputs: {{x: [N, T = 6, 4]}}
nodes:
{START}  rnn: {{@op: scan, body: cell, dim: 1, over: {{x: x}}, carry: {{h: zeros}}, collect: {{aux: aux}}}}
outputs: rnn.aux
"""
    assert mistakes(tmp_path, text.replace("@", "")) == [("other-mode", "`aux` of `cell` exists only in training mode")]
    graph = graph_of(tmp_path, text.replace("@", "when: training, "))
    assert shape(graph, "rnn.aux[:]") == "N×T×4"


def test_the_carry_points_to_what_is_written(tmp_path: Path) -> None:
    text = READ.replace(
        "out_features: H}\n      next",
        "out_features: H}\n      wide: {op: cat, dim: -1, from: [from_h, from_h]}\n      next",
    )
    text = text.replace("outputs: {h: next", "outputs: {h: wide").replace(
        "next: = tanh(from_x + from_h)", "next: = tanh(wide)"
    )
    _, diagnostics = analyse_text(tmp_path, text + "outputs: rnn.y\n")
    found = next(d for d in diagnostics if d.severity.value == "error")
    assert found.message == "what is carried is N×4, and a step makes N×8 of it"
    assert [note.subject for note in found.notes] == ["h next", "h", "zeros"]
