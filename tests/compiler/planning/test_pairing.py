"""What stands in two scopes is compared once, whatever asks for it."""

from __future__ import annotations

from pathlib import Path

import archdsl
from archdsl.ir.graph import Scope
from archdsl_torch.planning.crossings import Crossings, Key
from archdsl_torch.planning.pairing import Pairing

TEXT = """archdsl: 1
name: net
inputs: {x: [N, 4]}
blocks: {unit: {inputs: {x: [N, C]}, nodes: {fc: {op: linear, out_features: C}, relu: relu}}}
nodes: {a: unit, b: unit}
"""


def test_each_value_of_one_scope_is_that_of_the_other(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(TEXT)
    network = archdsl.graph(file)
    a, b = (network.root.children[name] for name in "ab")
    assert isinstance(a, Scope) and isinstance(b, Scope)
    pairing = Pairing(Crossings(network))
    pairs = pairing.of(a, b)
    assert pairs.alike and pairing.of(a, b) is pairs
    assert [(one.path, other.path) for one, other in pairs.nodes.items()] == [("a.fc", "b.fc"), ("a.relu", "b.relu")]
    given = Key(network.inputs["x"], 0, None)
    inside = {node.path: Key(node, 0, None) for node in network.nodes}
    assert pairs.are([given, inside["a.fc"]], [inside["a.relu"], inside["b.fc"]])
    assert not pairs.are([inside["a.fc"]], [inside["b.relu"]])
    assert not pairs.are([inside["a.fc"]], [Key(network.root.children["b"].children["fc"], 0, "weight")])  # type: ignore[union-attr]
