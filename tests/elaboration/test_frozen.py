"""Which parameters are not trained, by a node's `trainable` and by the patterns of `freeze`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.elaboration.analyse import analyse
from archdsl.ir.graph import Graph
from archdsl.ir.training import is_all_frozen, is_frozen, owner, trainable
from archdsl.text.patterns import match
from tests.elaboration.support import graph_of

NETWORK = """\
inputs: {x: [N, 4]}
params: {tune: false}
blocks:
  unit:
    inputs: {x: [N, C]}
    params: {trained: true}
    nodes:
      fc: {op: linear, out_features: C, trainable: trained}
      norm: layer_norm
nodes:
  first: {op: unit, trained: false}
  second: {op: unit, trainable: tune}
  third: {op: unit}
  tied: {op: linear, out_features: 4, tie: {weight: third.fc.weight}}
  again: {share: third.fc}
  head: {op: linear, out_features: 2}
"""


def frozen(graph: Graph) -> set[str]:
    return {f"{node.path}.{name}" for node in graph.nodes for name in node.frozen}


@pytest.mark.parametrize(
    ("patterns", "expected"),
    [
        ("[]", set()),
        ("[third]", {"third.fc.weight", "third.fc.bias", "third.norm.weight", "third.norm.bias"}),
        ('["*.norm.bias"]', {"third.norm.bias"}),
        ("[tied.weight]", {"third.fc.weight"}),
        ("[tied]", {"third.fc.weight", "tied.bias"}),
        ("[{if tune: head}]", set()),
        ("[{\"for part in ['weight', 'bias']\": head.$part}]", {"head.weight", "head.bias"}),
    ],
)
def test_what_is_frozen(patterns: str, expected: set[str], tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"{NETWORK}freeze: {patterns}\n")
    always = {"first.fc.weight", "first.fc.bias"}
    always |= {f"second.{layer}.{name}" for layer in ("fc", "norm") for name in ("weight", "bias")}
    assert {name for name in frozen(graph) if "first.norm" not in name} == always | expected
    module = archdsl.build(graph)
    trained = {name for name, x in module.named_parameters() if x.requires_grad}
    assert trained.isdisjoint(frozen(graph))
    assert sum(x.numel() for x in module.parameters() if x.requires_grad) == trainable(graph)
    assert graph.parameters == sum(x.numel() for x in module.parameters())
    assert Graph.from_json(graph.to_json()) == graph


def test_what_is_tied_is_frozen_where_it_is_made(tmp_path: Path) -> None:
    nodes = {node.path: node for node in graph_of(tmp_path, f"{NETWORK}freeze: [tied]\n").nodes}
    assert owner(nodes["tied"], "weight") == (nodes["third.fc"], "weight")
    assert is_frozen(nodes["tied"], "weight") and is_frozen(nodes["again"], "weight")
    assert is_all_frozen(nodes["tied"]) and not is_all_frozen(nodes["third.fc"])


def test_a_spec_used_as_a_block_brings_what_it_freezes(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(
        "archdsl: 1\ninputs: {x: [N, 4]}\nnodes:\n  a: {op: linear, out_features: 4}\n"
        "  b: {op: linear, out_features: 4}\nfreeze: [a]\n"
    )
    graph = graph_of(
        tmp_path, "inputs: {x: [N, 4]}\nnodes:\n  body: {op: spec.inner}\n  b: {op: linear, out_features: 2}\n"
    )
    assert frozen(graph) == {"body.a.weight", "body.a.bias"}


def test_gradients_reach_only_what_is_trained(tmp_path: Path) -> None:
    module = archdsl.build(graph_of(tmp_path, f'{NETWORK}freeze: ["*.bias", third.norm]\n'), seed=0)
    module(torch.randn(3, 4)).sum().backward()
    assert {name for name, x in module.named_parameters() if x.grad is not None} == {
        "first.norm.weight", "third.fc.weight", "head.weight",
    }  # fmt: skip


def test_summary_difference_and_figure_tell(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, f"{NETWORK}freeze: [head]\n")
    summary = archdsl.summary(graph)
    assert "trained, the others are frozen" in str(summary) and "Linear 4 → 2, frozen" in str(summary)
    other = archdsl.summary(plain := graph_of(tmp_path, NETWORK))
    assert summary.memory.training.gradients == other.memory.training.gradients - 4 * 10
    assert "frozen" in str(archdsl.diff(plain, graph))


def test_patterns_of_stars_end_soon(tmp_path: Path) -> None:
    pattern = "*a" * 60 + "*"
    (tmp_path / "net.yaml").write_text(f"archdsl: 1\n{NETWORK}freeze: ['{pattern}']\n")
    graph, diagnostics = analyse(str(tmp_path / "net.yaml"))
    assert graph is not None and "matches no parameter" in diagnostics[0].message
    assert match(pattern, "third.norm.bias") is None


def test_a_module_under_two_names_is_frozen_by_either(tmp_path: Path) -> None:
    text = "inputs: {x: [N, 4]}\nnodes:\n  a: {op: linear, out_features: 4}\n  b: {share: a}\norder: [a, b]\n"
    graph = graph_of(tmp_path, f"{text}freeze: [b.bias]\n")
    assert frozen(graph) == {"a.bias"}
    assert [x.requires_grad for x in archdsl.build(graph).parameters()] == [True, False]
