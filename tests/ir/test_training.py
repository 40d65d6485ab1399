"""Which parameters are trained is held by `tests/elaboration/test_frozen.py`; here is what ties lead to."""

from __future__ import annotations

from pathlib import Path

from archdsl.ir.training import owner
from tests.elaboration.support import graph_of


def test_ties_are_followed_to_their_end(tmp_path: Path) -> None:
    text = """\
inputs: {x: [N, 4]}
nodes:
  a: {op: linear, out_features: 4}
  b: {op: linear, out_features: 4, tie: {weight: a.weight}}
  c: {op: linear, out_features: 4, tie: {weight: b.weight}}
  d: {share: c}
"""
    nodes = {node.path: node for node in graph_of(tmp_path, text).nodes}
    assert owner(nodes["c"], "weight") == owner(nodes["d"], "weight") == (nodes["a"], "weight")
    assert owner(nodes["d"], "bias") == (nodes["c"], "bias")
