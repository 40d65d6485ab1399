"""Optional ports: asked for with `if`, left out of lists, and told where something needs them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import analyse_text, graph_of, mistakes, shape, sources

BLOCK = """
inputs: {x: [N, 4], y: [N, 4]}
blocks:
  b:
    inputs: {x: [N, C], skip: {shape: [N, C], optional: true}}
    nodes:
      NODES
nodes:
  bare: {op: b, from: x}
  fed: {op: b, from: {x: bare, skip: y}}
"""


def test_if_asks_whether_a_port_is_fed(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, BLOCK.replace("NODES", "a: {if: skip, value: x + skip, else: x}\n      o: relu"))
    assert sources(graph, "bare.o") == ["x"]
    assert sources(graph, "fed.a") == ["bare.o", "y"]
    assert sources(graph, "fed.o") == ["fed.a"]


@pytest.mark.parametrize(("expression", "widths"), [("8 if skip else 3", (3, 8)), ("C if not skip else 2 * C", (4, 8)),
                                                    ("width", (5, 6))])  # fmt: skip
def test_every_expression_may_ask(expression: str, widths: tuple[int, int], tmp_path: Path) -> None:
    text = BLOCK.replace("NODES", f"o: {{op: linear, from: x, out_features: {expression}}}").replace(
        "from: {x: bare,", "from: {x: x,"
    )
    text = text.replace("    nodes:\n      o", "    let: {width: 6 if skip else 5}\n    nodes:\n      o")
    graph, _ = analyse_text(tmp_path, text)
    assert graph is not None
    assert (shape(graph, "bare.o"), shape(graph, "fed.o")) == tuple(f"N×{width}" for width in widths)


def test_a_nested_scope_may_ask(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, BLOCK.replace("NODES", "s: {nodes: {a: relu, b: {if: skip, value: a + skip, else: a}}}"))
    assert sources(graph, "fed.s.b") == ["fed.s.a", "y"]


def test_a_parameter_of_the_name_is_meant(tmp_path: Path) -> None:
    text = BLOCK.replace(
        "    nodes:\n      NODES",
        "    params: {skip: false}\n    nodes:\n      a: {if: skip, op: tanh, from: x}\n      o: relu",
    )
    graph, _ = analyse_text(tmp_path, text)
    assert graph is not None
    assert not any(node.op.name == "tanh" for node in graph.nodes)


def test_a_formula_over_an_absent_port_names_it(tmp_path: Path) -> None:
    _, found = analyse_text(tmp_path, BLOCK.replace("NODES", "a: = x + skip"))
    assert [(d.code, d.message, d.path) for d in found] == [
        ("absent", "nothing feeds the optional input `skip` here", "bare.a")
    ]
    assert found[0].hint is not None and "`if: skip`" in found[0].hint


@pytest.mark.parametrize("op", ["cat, dim: 1", "stack, dim: 1"])
def test_a_list_takes_those_that_are_there(op: str, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"""
inputs: {{x: [N, 4], y: [N, 4]}}
blocks:
  b:
    inputs: {{x: [N, C], skip: {{optional: true}}, more: {{optional: true}}}}
    nodes:
      w: {{if: false, op: parameter, shape: [N, C]}}
      o: {{op: {op}, from: [skip, x, w, more]}}
nodes:
  bare: {{op: b, from: x}}
  fed: {{op: b, from: {{x: y, more: x}}}}
  both: {{op: b, from: [x, y, x]}}
outputs: [bare, fed, both]
""")  # fmt: skip
    assert sources(graph, "bare.o") == ["x"]
    assert sources(graph, "fed.o") == ["y", "x"]
    assert sources(graph, "both.o") == ["y", "x", "x"]


def test_a_list_of_which_nothing_is_there(tmp_path: Path) -> None:
    found = mistakes(tmp_path, BLOCK.replace("NODES", "o: {op: cat, dim: 1, from: [skip, skip]}"))
    assert found == [("absent", "nothing of `skip` and `skip` is there")]
