"""Floors: what tells scopes of one definition apart where some of them hold others."""

from __future__ import annotations

from pathlib import Path

from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scopes_of
from archdsl_torch.planning.floors import floors
from tests.elaboration.support import graph_of

TEXT = """
inputs: {x: [N, 8]}
blocks:
  plain: {nodes: [{op: even, n: 1}]}
  even: {params: {n: int}, nodes: [relu, {nodes: [{if: n > 0, op: odd, n: n - 1}]}]}
  odd: {params: {n: int}, nodes: [tanh, {if: n > 0, op: even, n: n - 1}]}
nodes: {a: plain, b: {op: even, n: 3}, c: {share: b}, d: plain}
"""


def numbered(graph: Graph) -> dict[str, int]:
    return {scope.path: floor for scope, floor in floors(scopes_of(graph.root)).items()}


def test_each_holds_those_of_lower_floors(tmp_path: Path) -> None:
    found = numbered(graph_of(tmp_path, TEXT))
    chain = ("b", "b.1", "b.1.0", "b.1.0.1", "b.1.0.1.1", "b.1.0.1.1.0")
    assert [found[path] for path in chain] == [5, 4, 3, 2, 1, 0]
    for path, floor in found.items():
        inside = [other for other in found if other.startswith(f"{path}.")]
        assert floor == max((found[other] + 1 for other in inside), default=0)


def test_what_runs_anothers_module_stands_on_its_floor(tmp_path: Path) -> None:
    found = numbered(graph_of(tmp_path, TEXT))
    assert {path[1:]: floor for path, floor in found.items() if path[0] == "b"} == {
        path[1:]: floor for path, floor in found.items() if path[0] == "c"
    }


def test_what_only_uses_such_a_block_has_none(tmp_path: Path) -> None:
    assert "a" not in numbered(graph_of(tmp_path, TEXT))
    assert numbered(graph_of(tmp_path, TEXT.replace("op: even, n: n - 1", "op: relu"))) == {}
