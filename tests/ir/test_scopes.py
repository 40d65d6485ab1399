"""The scopes of a tree, each before what it holds."""

from __future__ import annotations

from pathlib import Path

from archdsl.ir.scopes import scopes_of
from tests.elaboration.support import graph_of


def test_scopes_are_listed_in_the_order_of_the_tree(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, 4]}
nodes:
  a: {nodes: {b: [relu, {nodes: {c: tanh}}], d: {nodes: {e: relu}}}}
  f: relu
  g: {nodes: {h: relu}}
"""
    assert [scope.path for scope in scopes_of(graph_of(tmp_path, text).root)] == ["", "a", "a.b", "a.b.1", "a.d", "g"]
