"""`order`: the children of a scope as they are registered, and shared ones under a second name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from tests.elaboration.support import analyse_text, graph_of, mistakes, paths

NESTED = """\
params: {down: true}
inputs: {x: [N, 8]}
%s
blocks:
  unit:
    inputs: {x: [N, C]}
    params: {down: bool}
    order: [second, down, "linear$(1 - 0)", {for i in range(1): linear$i}]
    nodes:
      first: {op: linear, out_features: C}
      second: {op: linear, out_features: C}
      down: {if: down, op: linear, out_features: C}
      for i in range(2):
        linear$i: {op: linear, out_features: C}
nodes:
  stem: {op: linear, out_features: 8}
  scope:
    order: [b, a]
    nodes:
      a: {op: linear, out_features: 8}
      b: {op: linear, out_features: 8}
  one: {op: unit, down: down}
  two: {op: unit, down: false}
  again: {share: scope}
  head: {op: linear, out_features: 4}
"""


def children(graph: Any, path: str = "") -> list[str]:
    scope = graph.root
    for part in path.split(".") if path else ():
        scope = scope.children[part]
    return [*scope.children]


def test_children_stand_as_they_are_registered_and_run_as_they_are_written(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NESTED % "order: [head, two]")
    assert children(graph) == ["head", "two", "stem", "scope", "one", "again"]
    assert children(graph, "scope") == children(graph, "again") == ["b", "a"]
    assert children(graph, "one") == ["second", "down", "linear1", "linear0", "first"]
    assert children(graph, "two") == ["second", "linear1", "linear0", "first"]
    assert paths(graph)[:3] == ["stem", "scope.a", "scope.b"] and paths(graph)[-1] == "head"
    assert graph.root.children["again"].registered is False


@pytest.mark.parametrize(
    ("order", "found"),
    [
        ("[..., one, stem]", ["scope", "two", "again", "head", "one", "stem"]),
        ("[head, ..., one]", ["head", "stem", "scope", "two", "again", "one"]),
        ("[head, ..., again]", ["head", "stem", "scope", "one", "two", "again"]),
        ("[again, head, ...]", ["head", "stem", "scope", "one", "two", "again"]),
        ("[]", ["stem", "scope", "one", "two", "again", "head"]),
    ],
)
def test_dots_stand_for_the_others(tmp_path: Path, order: str, found: list[str]) -> None:
    assert children(graph_of(tmp_path, NESTED % f"order: {order}")) == found


def test_a_shared_module_that_is_named_is_registered_again(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NESTED % "order: [again]")
    assert graph.root.children["again"].registered and children(graph)[-1] == "again"
    assert archdsl.ir.graph.Graph.from_json(graph.to_json()) == graph


DOTTED = """\
params: {deep: false}
inputs: {x: [N, 8]}
%s
nodes:
  stem: {op: linear, out_features: 8}
  for i in range(2):
    down.$i.norm: layer_norm
    for k in range(2):
      down.$i.part.$k: {op: linear, out_features: 8}
    down.$i.deep: {if: deep, op: linear, out_features: 8}
  down.again: {share: stem}
  gone.deep: {if: deep, op: linear, out_features: 8}
  within: {nodes: {a: {op: linear, out_features: 8}}}
  head: {op: linear, out_features: 4}
"""


def test_dotted_names_are_of_what_stands_in_a_container(tmp_path: Path) -> None:
    order = "order: [head, down.1.part.1, down.0.deep, gone.deep, down.1.norm, stem, down.again, down.0]"
    graph = graph_of(tmp_path, DOTTED % order)
    assert children(graph) == ["head", "down", "stem", "within"]
    assert children(graph, "down") == ["1", "0", "again"] and graph.root.children["down"].children["again"].registered
    assert children(graph, "down.1") == ["part", "norm"] and children(graph, "down.1.part") == ["1", "0"]
    assert children(graph, "down.0") == ["norm", "part"] and children(graph, "down.0.part") == ["0", "1"]
    assert paths(graph)[:3] == ["stem", "down.0.norm", "down.0.part.0"]
    keys = [*archdsl.build(graph).state_dict()]
    assert keys[:4] == ["head.weight", "head.bias", "down.1.part.1.weight", "down.1.part.1.bias"]
    deep = graph_of(tmp_path, (DOTTED % order).replace("deep: false", "deep: true"))
    assert children(deep)[:3] == ["head", "down", "gone"] and children(deep, "down.0") == ["deep", "norm", "part"]


def test_an_heir_renames_a_node_in_a_container_that_an_order_names(tmp_path: Path) -> None:
    layers = "{a.one: {op: linear, out_features: 8}, a.two: {op: linear, out_features: 8}}"
    text = f"archdsl: 1\nname: base\ninputs: {{x: [N, 8]}}\norder: [a.two]\nnodes: {layers}\n"
    (tmp_path / "base.yaml").write_text(text)
    (tmp_path / "heir.yaml").write_text("archdsl: 1\nextends: base\npatch: {nodes.a.two: {rename: a.last}}\n")
    assert children(archdsl.graph(tmp_path / "heir.yaml"), "a") == ["last", "one"]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("[down.0.part, down.0.part]", "`down.0.part` is named twice"),
        ("[down.0.nrom]", "`down.0` has no `nrom`"),
        ("[down.2.norm]", "`down` has no `2.norm`"),
        ("[dwn.0]", "no node `dwn` here"),
        ("[within.a]", "`order` names the children of this scope, and `within.a` is further inside"),
        (
            "[down.0.norm.weight]",
            "`order` names the children of this scope, and `down.0.norm.weight` is further inside",
        ),
        ("[down.0....]", "`down.0....` is no path of a node"),
    ],
)
def test_wrong_dotted_orders(tmp_path: Path, order: str, message: str) -> None:
    (found,) = mistakes(tmp_path, DOTTED % f"order: {order}")
    assert found[1] == message


@pytest.mark.parametrize(
    ("order", "code", "message"),
    [
        ("order: head", "wrong-type", "`order` is a list of names, found the text `head`"),
        ("order: [head, haed]", "unknown-node", "no node `haed` here"),
        ("order: [head, scope.a]", "unknown-node",
         "`order` names the children of this scope, and `scope.a` is further inside"),
        ("order: [head, head]", "duplicate-name", "`head` is named twice"),
        ("order: [..., head, ...]", "duplicate-name", "`...` is named twice"),
        ("order: [{a: 1}]", "bad-for", None),
        ("order: [$k]", "bad-expression", "unknown name `k`"),
        ("order: [[head]]", "wrong-type", "expected the path of a node, found a list"),
    ],
)  # fmt: skip
def test_wrong_orders(tmp_path: Path, order: str, code: str, message: str | None) -> None:
    (found,) = mistakes(tmp_path, NESTED % order)
    assert found[0] == code and message in (None, found[1])


@pytest.mark.parametrize(
    ("nodes", "code", "message"),
    [
        ("{a: relu, b: {op: linear, out_features: 2, order: [c]}}", "unknown-field", "`linear` has no field `order`"),
        ("{a: {order: [1], nodes: [relu, tanh]}}", "bad-node", "`order` is of nodes with names, and these are a list"),
        ("{a: {order: [y], nodes: {b: tanh, y: {from: input}, c: = y + b}}}", "no-value",
         "`y` is another name, and no module"),
        ("{a: {order: [c], nodes: {b: tanh, c: {share: b}}}}", "bad-share",
         "`a.b` has no parameters to stand under a second name"),
        ("{l: {op: linear, out_features: 8}, a: {order: [c], nodes: {b: tanh, c: {share: l}}}}", "bad-share",
         "`a` has no module of its own that could hold `c`"),
    ],
)  # fmt: skip
def test_what_cannot_be_ordered(tmp_path: Path, nodes: str, code: str, message: str) -> None:
    assert (code, message) in mistakes(tmp_path, f"inputs: {{x: [N, 8]}}\nnodes: {nodes}\n")


def test_a_block_may_have_a_parameter_of_the_name(tmp_path: Path) -> None:
    blocks = "{unit: {params: {order: int}, nodes: {l: {op: linear, out_features: order}}}}"
    graph_of(tmp_path, f"inputs: {{x: [N, 8]}}\nblocks: {blocks}\nnodes: {{a: {{op: unit, order: 2}}}}\n")


def test_an_heir_says_another_order(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text("archdsl: 1\nname: base\n" + NESTED % "order: [head]")
    (tmp_path / "heir.yaml").write_text(
        "archdsl: 1\nextends: base\norder: [two]\npatch: {blocks.unit.order: [first]}\n"
    )
    graph = archdsl.graph(tmp_path / "heir.yaml")
    assert children(graph)[:2] == ["two", "stem"] and children(graph, "one")[0] == "first"
    (tmp_path / "heir.yaml").write_text("archdsl: 1\nextends: base\npatch: {nodes.head: {rename: top}}\n")
    assert children(archdsl.graph(tmp_path / "heir.yaml"))[0] == "top"


def test_a_parameter_that_only_an_order_reads_is_read(tmp_path: Path) -> None:
    text = "params: {n: 1}\ninputs: {x: [N, 8]}\norder: [l$(n - 1)]\nnodes: {l0: {op: linear, out_features: 8}}\n"
    assert analyse_text(tmp_path, text)[1] == []
