"""What a file takes from others is built as far as it is read."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl

BASE = """archdsl: 1
name: base
inputs: {x: [N, 8], y: [N, T = 3, 8]}
nodes:
  layer1: {op: linear, from: x, out_features: 8}
  layer2:
    - {op: linear, out_features: 6}
    - {op: linear, out_features: 6}
  other: {op: linear, from: y, out_features: 5}
  head: {op: linear, from: layer2, out_features: 2}
outputs: {head: head, other: other}
"""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base.yaml").write_text(BASE)
    return tmp_path / "net.yaml"


def test_what_is_inherited_is_built_as_far_as_own_outputs_need_it(base: Path) -> None:
    base.write_text("archdsl: 1\nextends: base\noutputs: {c1: layer1, c2: layer2.0}\n")
    assert archdsl.check(base) == []
    graph = archdsl.graph(base)
    assert [node.path for node in graph.nodes] == ["layer1", "layer2.0"]
    assert [*graph.inputs] == ["x"]
    assert graph.pruned == (
        "layer2.1.weight",
        "layer2.1.bias",
        "other.weight",
        "other.bias",
        "head.weight",
        "head.bias",
    )
    assert archdsl.Graph.from_json(graph.to_json()) == graph


def test_weights_of_what_it_extends_load(base: Path, tmp_path: Path) -> None:
    base.write_text("archdsl: 1\nextends: base\noutputs: layer2.0\n")
    torch.save(archdsl.build(tmp_path / "base.yaml").state_dict(), tmp_path / "base.pth")
    report = archdsl.load_weights(base, archdsl.build(base), tmp_path / "base.pth")
    assert (len(report.loaded), len(report.skipped)) == (4, 6)
    assert {*report.skipped.values()} == {"not needed for these outputs"}


def test_what_the_file_writes_stays_and_is_warned_of(base: Path) -> None:
    base.write_text("""archdsl: 1
extends: base
patch:
  nodes.head: {op: linear, from: layer1, out_features: 3}
outputs: layer1
""")
    told = [str(found.message) for found in archdsl.check(base)]
    graph = archdsl.graph(base)
    assert told == ["`head` is read by no node and is no output"]
    assert [node.path for node in graph.nodes] == ["layer1", "head"]


def test_without_outputs_of_its_own_all_that_is_inherited_stays(base: Path) -> None:
    base.write_text("archdsl: 1\nextends: base\nname: other\n")
    assert len(archdsl.graph(base).nodes) == 5
    (base.parent / "base.yaml").write_text(BASE.replace("outputs: {head: head, other: other}", "outputs: head"))
    assert len(archdsl.graph(base).nodes) == 5


def test_a_shipped_network_is_a_backbone(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text("archdsl: 1\nextends: resnet18\noutputs: {c3: layer2, c4: layer3}\n")
    assert archdsl.check(file) == []
    graph, chosen = archdsl.graph(file), archdsl.graph("resnet18", outputs={"c3": "layer2", "c4": "layer3"})
    assert [node.path for node in graph.nodes] == [node.path for node in chosen.nodes]
    assert graph.pruned == chosen.pruned


def test_a_spec_used_as_a_block_and_read_by_path(base: Path) -> None:
    base.write_text("""archdsl: 1
inputs: {x: [N, 8]}
nodes:
  rows: {op: unsqueeze, dim: 1, from: x}
  inner: {op: spec.base, from: {x: x, y: rows}}
outputs: {a: inner.layer2.0, b: inner.layer1}
""")
    graph = archdsl.graph(base)
    assert [node.path for node in graph.nodes if node.tensors] == ["inner.layer1", "inner.layer2.0"]
    assert graph.pruned == ()
