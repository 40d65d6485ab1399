"""`if` as a key: what stands under it is spliced in or left out, node by node as with an `if` of each one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.elaboration.support import analyse_text, graph_of, mistakes, paths, sources

RESIDUAL = """
inputs: {x: [N, 16]}
params: {deep: false}
nodes:
  stem: {op: linear, out_features: 16}
  if deep:
    first: relu
    second: {op: linear, out_features: 16}
    add: = second + stem
  out: tanh
"""


def test_the_nodes_are_the_scopes_own(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, RESIDUAL, deep=True)
    assert paths(graph) == ["stem", "first", "second", "add", "out"]
    assert sources(graph, "out") == ["add"]


def test_each_is_left_out_as_if_it_had_the_if_itself(tmp_path: Path) -> None:
    nodes = RESIDUAL.replace("  if deep:\n", "").replace("    ", "  ").replace("relu", "{op: relu}")
    single = nodes.replace("= second + stem", "{value: second + stem}")
    for name in ("first", "second", "add"):
        single = single.replace(f"{name}: {{", f"{name}: {{if: deep, ")
    for text in (RESIDUAL, single):
        graph = graph_of(tmp_path, text)
        assert paths(graph) == ["stem", "out"]
        assert sources(graph, "out") == ["stem"]


def test_what_reads_several_values_says_else(tmp_path: Path) -> None:
    text = RESIDUAL.replace("= second + stem", "= second + x")
    assert mistakes(tmp_path, text) == [
        ("missing-else", "`add` is left out here, and nothing stands for it: it would read several values, "
         "`second` and `x`"),
    ]  # fmt: skip
    _, (found,) = analyse_text(tmp_path, text)
    assert found.span is not None
    assert (found.span.line, found.span.column, found.span.end_column) == (8, 3, 10)
    graph = graph_of(tmp_path, text.replace("= second + x", "{value: second + x, else: stem}"))
    assert sources(graph, "out") == ["stem"]


def test_in_a_list(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 16]}
      params: {deep: false}
      nodes:
        - relu
        - if deep: tanh
        - if deep: [{op: linear, out_features: 8}, sigmoid]
        - if not deep: {op: linear, out_features: 4}
    """
    assert [node.op.name for node in graph_of(tmp_path, text).nodes] == ["relu", "linear"]
    assert paths(graph_of(tmp_path, text, deep=True)) == [*map(str, range(4))]


NESTED = """
inputs: {x: [N, 16]}
params: {widths: [8, 4], tail: true, rows: null}
nodes:
  if len(widths) > 0:
    for i, w in enumerate(widths):
      a$i: {op: linear, out_features: w}
      if i > 0 and tail:
        b$i: relu
        if w < 8:
          c$i: tanh
  if rows != null:
    for i in range(rows[0]):
      d$i: relu
    e: {op: cat, dim: 1, from: [x, d0]}
"""


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, ["a0", "a1", "b1", "c1"]),
        ({"tail": False}, ["a0", "a1"]),
        ({"widths": [2, 9]}, ["a0", "a1", "b1"]),
        ({"widths": []}, []),
        ({"rows": [2]}, ["a0", "a1", "b1", "c1", "d0", "d1", "e"]),
    ],
)
def test_with_for_around_and_inside(params: dict[str, object], expected: list[str], tmp_path: Path) -> None:
    """The loop under a false `if` need not make sense."""
    graph, found = analyse_text(tmp_path, NESTED + "outputs: x\n", **params)
    assert graph is not None, found
    assert paths(graph) == expected


def test_two_ways_under_one_name(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 16]}
      params: {deep: true}
      nodes:
        if deep: {act: relu}
        if not deep: {act: tanh}
        out: = act + x
    """
    for deep in (True, False):
        graph = graph_of(tmp_path, text, deep=deep)
        assert graph.nodes[0].op.name == ("relu" if deep else "tanh")
        assert sources(graph, "out") == ["act", "x"]


@pytest.mark.parametrize("deep", [True, False])
def test_the_node_above_is_the_one_of_that_name_which_is_there(deep: bool, tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 16]}
      params: {deep: true}
      nodes:
        if deep: {act: relu}
        if not deep: {left: sigmoid, right: {op: tanh, from: x}, act: = left + right}
        out: tanh
    """
    assert sources(graph_of(tmp_path, text, deep=deep), "out") == ["act"]
    text = text.replace("        out: tanh\n", "")
    assert [value.name for value in graph_of(tmp_path, text, deep=deep).outputs.values()] == ["act"]


def test_one_condition_twice(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 16]}\nparams: {deep: false}\nnodes: {if deep: {a: relu}, b: tanh, if deep: {c: relu}}"
    assert paths(graph_of(tmp_path, text)) == ["b"]
    assert paths(graph_of(tmp_path, text, deep=True)) == ["a", "b", "c"]


def test_it_is_decided_once_for_all(tmp_path: Path) -> None:
    """What a node of the group is called does not change what its condition reads."""
    text = """
      inputs: {image: [N, 16]}
      nodes:
        y: relu
        inner:
          nodes:
            if y.shape[1] == 16:
              y: {op: linear, out_features: 4}
              z: {op: linear, out_features: 2}
    """
    assert paths(graph_of(tmp_path, text)) == ["y", "inner.y", "inner.z"]


FROM = """
inputs: {x: [N, 16], mem: [N, 16]}
params: {deep: false, cross: false}
blocks:
  attend:
    inputs: {x: [N, C], memory: {shape: [N, C], optional: true}}
    nodes:
      cat: {op: cat, dim: 1, from: [x, {if memory: memory}]}
nodes:
  skip: {op: tanh, from: mem}
  cat: {op: cat, dim: 1, from: [x, {if deep: skip}, {if deep and cross: [x, {for i in range(2): skip}]}]}
  attend: {op: attend, from: {x: x, if cross: {memory: mem}}}
  out: {op: cat, dim: 1, from: [cat, attend]}
outputs: {out: out, if deep: {skip: skip}}
"""


def test_in_from_and_outputs(tmp_path: Path) -> None:
    graph, _ = analyse_text(tmp_path, FROM)
    assert graph is not None
    assert sources(graph, "cat") == ["x"]
    assert sources(graph, "attend.cat") == ["x"]
    assert [*graph.outputs] == ["out"]
    graph = graph_of(tmp_path, FROM, deep=True, cross=True)
    assert sources(graph, "cat") == ["x", "skip", "x", "skip", "skip"]
    assert sources(graph, "attend.cat") == ["x", "mem"]
    assert [*graph.outputs] == ["out", "skip"]


def test_in_inputs(tmp_path: Path) -> None:
    text = """
      params: {cross: false}
      inputs: {x: [N, 16], if cross: {memory: [N, 8]}}
      blocks:
        join:
          params: {cross: bool}
          inputs: {x: [N, C], if cross: {memory: [N, D]}}
          nodes:
            cat: {op: cat, dim: 1, from: [x, {if cross: memory}]}
      nodes:
        join: {op: join, cross: cross, from: {x: x, if cross: {memory: memory}}}
    """
    assert sources(graph_of(tmp_path, text), "join.cat") == ["x"]
    assert sources(graph_of(tmp_path, text, cross=True), "join.cat") == ["x", "memory"]


def test_a_condition_without_a_value_leaves_the_readers_in_peace(tmp_path: Path) -> None:
    text = """
      inputs: {x: [N, 16]}
      nodes:
        if nope:
          act: relu
          wrong: {op: linear, out_feature: 3}
          for i in range(2): {a$i: relu}
        if not nope: {act: tanh}
        out: = act + a1
    """
    assert mistakes(tmp_path, text) == [
        ("bad-expression", "unknown name `nope` in a file without `params` or `let`"),
        ("unknown-field", "`linear` has no field `out_feature`"),
        ("bad-expression", "unknown name `nope` in a file without `params` or `let`"),
    ]


def test_only_the_run_knows(tmp_path: Path) -> None:
    _, found = analyse_text(tmp_path, "inputs: {x: [N, T]}\nnodes: {if T: {a: relu}, b: tanh, if T > 3: {c: relu}}")
    assert [d.hint for d in found] == [
        "make the size a parameter of the file",
        "`if` is decided when the graph is built: make the size a parameter of the file",
    ]
