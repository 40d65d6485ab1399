"""How parameters start: the rules of a file by op and by path."""

from pathlib import Path

import pytest

from archdsl.ir.initialise import Initialiser
from tests.elaboration.support import analyse_text, graph_of, mistakes


def test_the_last_pattern_wins_and_crosses_dots(tmp_path: Path) -> None:
    text = """
params: {start: ones}
inputs: {x: [N, 8]}
blocks: {b: {nodes: {fc: {op: linear, out_features: 8}, own: {op: linear, out_features: 8, init: {bias: $start}}}}}
nodes: {m: b, s: {nodes: {t: b}}, p: {op: parameter, shape: [8]}, y: = s + p}
init:
  linear: {weight: zeros, bias: zeros}
  "*.own": {weight: ones, bias: normal}
  "s*fc": {weight: normal}
  "s.*": {bias: normal(std=2)}
  p: normal(std=0.5)
  parameter: zeros
"""
    found = {node.path: node.init for node in graph_of(tmp_path, text).nodes}
    zeros, ones, normal = Initialiser("zeros"), Initialiser("ones"), Initialiser("normal")
    wide = Initialiser("normal", (("std", 2),))
    assert found["m.fc"] == {"weight": zeros, "bias": zeros}
    assert found["m.own"] == {"weight": ones, "bias": ones}
    assert found["s.t.fc"] == {"weight": normal, "bias": wide}
    assert found["s.t.own"] == {"weight": ones, "bias": ones}
    assert found["p"] == {"": Initialiser("normal", (("std", 0.5),))}


def test_rules_under_for_and_if(tmp_path: Path) -> None:
    text = """
params: {depth: 3, final: true}
inputs: {x: [N, 8]}
nodes: {for i in range(depth): {fc$i: {op: linear, out_features: 8}}}
init:
  if final: {linear: {bias: ones}}
  if not final: {"fc*": {weight: ones, bias: normal}}
  for i in range(depth):
    fc$i: {weight: normal(std=(i + 1) / (2 * depth))}
    if i > 1: {fc$(i).*: zeros, fc$i: {bias: zeros}}
"""
    graph, warnings = analyse_text(tmp_path, text)
    assert graph is not None
    stds = {node.path: dict(node.init["weight"].arguments)["std"] for node in graph.nodes if node.init}
    assert stds == {"fc0": 1 / 6, "fc1": 2 / 6, "fc2": 3 / 6}
    biases = [node.init["bias"] for node in graph.nodes if node.init]
    assert biases == [Initialiser("ones"), Initialiser("ones"), Initialiser("zeros")]
    # what an `if` leaves out is not asked for, and what a turn says of no node is
    assert [warning.message for warning in warnings] == ["`fc2.*` matches no node"]


@pytest.mark.parametrize("rule", ["init: {linear: {wieght: zeros}}", "init: {linear: {weight: zeroes}}"])
def test_initialisers_that_are_refused(tmp_path: Path, rule: str) -> None:
    text = f"inputs: {{x: [N, 8]}}\nnodes: {{m: {{op: linear, out_features: 8}}}}\n{rule}\n"
    assert [code for code, _ in mistakes(tmp_path, text)] == ["bad-init"]


def test_the_init_of_a_spec_used_as_a_block(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text("""\
archdsl: 1
params: {scale: 1}
inputs: {x: [N, 8]}
nodes: {a: {op: linear, out_features: 8}, b: {op: linear, out_features: 8}, c: {op: linear, out_features: 8}}
init: {linear: {bias: constant(val=scale)}, c: {bias: ones}}
""")
    text = """
inputs: {x: [N, 8]}
nodes: {m: {op: spec.inner, scale: 3}, d: {op: linear, out_features: 8}}
init: {linear: {bias: zeros}, m.b: {bias: normal}}
"""
    found = {node.path: (node.init or {})["bias"] for node in graph_of(tmp_path, text).nodes}
    assert found["m.a"] == Initialiser("constant", (("val", 3),)) and found["m.b"].name == "normal"
    assert found["m.c"].name == "ones" and found["d"].name == "zeros"
