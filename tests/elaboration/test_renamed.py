"""Nodes that a patch renames or removes: what reads them finds them by both names, or is told."""

from __future__ import annotations

from pathlib import Path

import archdsl
from archdsl.faults.fault import Note
from tests.elaboration.support import paths, sources

BASE = """\
archdsl: 1
inputs: {x: [N, 8]}
blocks:
  unit:
    nodes:
      norm: layer_norm
      act: relu
      add: = act + norm
nodes:
  first: {op: linear, out_features: 8}
  table: {op: parameter, shape: [8]}
  unit: unit
  again: {share: first}
  other: {share: unit}
  tied: {op: linear, out_features: 8, tie: {weight: first.weight}, init: {bias: zeros}}
  join: {op: cat, from: [first, unit.norm, {for i in range(2): linear$i}], dim: 1, if: false, else: tied}
  sum: = join + table
outputs: {sum: sum, inner: unit.act}
"""


def heir(folder: Path, patch: str) -> archdsl.Graph:
    (folder / "base.yaml").write_text(BASE)
    (folder / "net.yaml").write_text(f"archdsl: 1\nextends: base\npatch:\n{patch}")
    assert archdsl.check(folder / "net.yaml") == []
    return archdsl.graph(folder / "net.yaml")


def test_its_readers_find_it(tmp_path: Path) -> None:
    graph = heir(
        tmp_path,
        "  nodes.first: {rename: stem}\n  nodes.unit: {rename: block}\n  nodes.table: {rename: bias}\n"
        "  nodes.sum: {rename: total}\n  blocks.unit.nodes.norm: {rename: norm1}\n",
    )
    assert paths(graph) == [
        "stem", "bias", "block.norm1", "block.act", "block.add", "again", "other.norm1", "other.act", "other.add",
        "tied", "total",
    ]  # fmt: skip
    assert sources(graph, "total") == ["tied", "bias"] and sources(graph, "block.add") == ["block.act", "block.norm1"]
    by_path = {node.path: node for node in graph.nodes}
    assert by_path["again"].share is by_path["stem"] and by_path["other.norm1"].share is by_path["block.norm1"]
    assert by_path["tied"].tie["weight"].name == "stem.weight"
    assert {name: value.name for name, value in graph.outputs.items()} == {"sum": "total", "inner": "block.act"}


def test_another_name_of_a_module_can_be_shared(tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(
        "archdsl: 1\ninputs: {x: [N, 8]}\nnodes:\n  linear: {op: linear, out_features: 8}\n"
        "  called: {from: linear}\n  again: {share: called}\n"
    )
    graph = archdsl.graph(tmp_path / "net.yaml")
    assert graph.nodes[1].share is graph.nodes[0]


def test_what_reads_a_node_that_a_patch_removes_is_told_of_it(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    (tmp_path / "net.yaml").write_text("archdsl: 1\nextends: base\npatch: {nodes.table: null}\n")
    (tmp_path / "heir.yaml").write_text("archdsl: 1\nextends: net\npatch:\n  blocks.unit.nodes.norm: null\n")
    found = {each.message: each.notes for each in archdsl.check(tmp_path / "heir.yaml")}
    assert found["no node `table` here"][0] == Note("table", "line 3", f"of {tmp_path / 'net.yaml'} removes it")
    assert found["no node `norm` in a block without `inputs`"][0] == Note(
        "norm", "line 4", f"of {tmp_path / 'heir.yaml'} removes it"
    )
