"""Blocks that hold themselves: those that end become what they say, others are told with their chain of arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import analyse_text, graph_of, mistakes, paths, shape, sources

TREE = """
inputs: {x: [N, 16]}
blocks:
  tree:
    params: {depth: int}
    nodes:
      if depth == 1: {leaf: tanh}
      if depth > 1:
        left: {op: tree, from: x, depth: depth - 1}
        right: {op: tree, from: x, depth: depth - 1}
        leaf: = left + right
nodes:
  tree: {op: tree, depth: DEPTH}
"""


def test_a_tree(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, TREE.replace("DEPTH", "3"))
    leaves = ["left.left", "left.right", "left", "right.left", "right.right", "right", ""]
    assert paths(graph) == [f"tree.{leaf}.leaf".replace("..", ".") for leaf in leaves]
    assert sources(graph, "tree.right.leaf") == ["tree.right.left.leaf", "tree.right.right.leaf"]


def test_sizes_may_end_it(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 64]}
      blocks:
        halve:
          inputs: {x: [N, C]}
          nodes:
            fc: {op: linear, out_features: C // 2}
            more: {if: C > 16, op: halve}
      nodes: [halve]
    """
    graph = graph_of(tmp_path, text)
    assert paths(graph) == ["0.fc", "0.more.fc", "0.more.more.fc"]
    assert shape(graph, "0.more.more.fc") == "N×8"


def test_through_another_block_and_a_loop(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 16]}
      blocks:
        even: {params: {n: int}, nodes: [relu, {if: n > 0, op: odd, n: n - 1}]}
        odd:
          params: {n: int}
          nodes: {for k in range(n): {inner$k: {op: even, n: n - k - 1}}, last: tanh}
      nodes: [{op: even, n: 4}]
    """
    assert paths(graph_of(tmp_path, text))[:3] == ["0.0", "0.1.inner0.0", "0.1.inner0.1.inner0.0"]


def test_a_whole_spec(tmp_path: Path) -> None:
    text = """
      params: {depth: 2}
      inputs: {x: [N, 8]}
      nodes: {a: relu, inner: {if: depth > 0, op: spec.net, depth: depth - 1}}
    """
    assert paths(graph_of(tmp_path, text)) == ["a", "inner.a", "inner.inner.a"]


def test_nothing_that_changes(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 8]}
      blocks:
        a: {params: {n: int, m: 3}, nodes: [{op: b, n: n}]}
        b: {params: {n: int}, nodes: [tanh, {op: a, n: n}]}
      nodes: [{op: a, n: 2}]
    """
    assert mistakes(tmp_path, text) == [
        ("recursion", "a block that holds itself with the same arguments and inputs never ends: "
         "`a` (n: 2, m: 3) → `b` (n: 2) → `a` (n: 2, m: 3)"),
    ]  # fmt: skip
    _, (found,) = analyse_text(tmp_path, text)
    assert found.span is not None
    assert (found.span.line, found.path) == (7, "0.0.1")


@pytest.mark.parametrize("kind", ["left", "right"])
def test_no_end(tmp_path: Path, kind: str) -> None:
    """However often it holds itself, the first way down is as deep as scopes may nest."""
    text = TREE.replace("depth > 1", "depth != 1").replace("DEPTH", "4").replace("- 1}", "- 2}")
    text = text if kind == "left" else text.replace("left: {op: tree", "left: {if: false, op: tree")
    (found,) = analyse_text(tmp_path, text)[1]
    assert (found.code, found.message) == (
        "recursion",
        "a block that holds itself does not end within 60 scopes in one another: "
        "`tree` (depth: 4) → `tree` (depth: 2) → `tree` (depth: 0) → … → "
        "`tree` (depth: -110) → `tree` (depth: -112) → `tree` (depth: -114)",
    )
    assert found.path == ".".join(["tree", *[kind] * 60])


def test_a_long_way_to_the_end(tmp_path: Path) -> None:
    (found,) = analyse_text(tmp_path, TREE.replace("DEPTH", "40"))[1]
    assert found.code == "too-large"
    assert [(note.subject, note.value[:45]) for note in found.notes] == [
        ("in", "`tree` (depth: 40) → `tree` (depth: 39) → `tr"),
    ]


def test_a_mistake_inside_is_told_once(tmp_path: Path) -> None:
    text = TREE.replace("DEPTH", "6").replace("leaf: tanh", "leaf: {op: linear, out: 3}")
    assert mistakes(tmp_path, text) == [("unknown-field", "`linear` has no field `out`")]


def test_one_that_nobody_uses_is_looked_at(tmp_path: Path) -> None:
    text = TREE.replace("{op: tree, depth: DEPTH}", "relu").replace("leaf: tanh", "leaf: tahn")
    assert [code for code, _ in mistakes(tmp_path, text)] == ["unknown-op"]
    text = text.replace("tahn", "tanh")
    assert [code for code, _ in mistakes(tmp_path, text)] == ["unused"]


def test_a_step_of_a_loop_over_time(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, T = 3, 4]}
      blocks:
        cell:
          inputs: {x: [N, C], h: [N, C]}
          nodes:
            both: {op: stack, dim: 0, from: [x, h]}
            inner: {op: scan, body: cell, over: {x: both}, carry: {h: h}}
            next: = inner.h + h
          outputs: {h: next}
      nodes:
        zeros: {op: constant, shape: [N, 4], value: 0}
        rnn: {op: scan, body: cell, dim: 1, over: {x: x}, carry: {h: zeros}}
        out: = rnn.h * 2
    """
    assert mistakes(tmp_path, text)[0] == (
        "recursion",
        "a block that holds itself with the same arguments and inputs never ends: `cell` → `cell`",
    )
