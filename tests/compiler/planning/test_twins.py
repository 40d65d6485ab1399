"""Copies of a scope are outlined once, and what is printed is the same as if each were outlined."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

import archdsl
from archdsl.ir.graph import Graph
from archdsl.shapes import TensorType
from archdsl_torch import source
from archdsl_torch.planning.crossings import Crossings
from archdsl_torch.planning.findings import Findings
from archdsl_torch.planning.outline import Outline
from archdsl_torch.planning.pairing import Pairing
from archdsl_torch.planning.twins import Twins, told_apart
from archdsl_torch.writing.plan import Planner
from tests.compiler.networks import HEAD, NETWORKS, RANDOM
from tests.thorough import some

LAYERS: Final = """
inputs: {x: [N, 4, L = 8]}
blocks:
  layer:
    inputs: {x: [N, C, L]}
    params: {kernel: 3}
    nodes:
      conv: {op: conv1d, from: x, out_channels: C, kernel_size: kernel, padding: kernel // 2}
      norm: batch_norm1d
      both: both
      sum: = x + both
  both: {nodes: {relu: relu, twice: = relu * 2}}
nodes:
  for i in range(4):
    layer$i: {op: layer, CHANGE}
"""


def graph(text: str, folder: Path) -> Graph:
    file = folder / "net.yaml"
    file.write_text(HEAD + text)
    return archdsl.graph(file)


def outlines(network: Graph, block: str) -> list[Outline]:
    """Those of a block's uses in the first plan."""
    outliner = Planner(Pairing(Crossings(network)), Findings()).outliner
    scopes = [scope for scope in network.root.children.values() if getattr(scope, "block", None) == block]
    return outliner.outlines(scopes)  # type: ignore[arg-type]


def shared(made: list[Outline]) -> list[int]:
    """The number of the first outline that has the same steps, for each."""
    first = {id(outline.steps): place for place, outline in reversed([*enumerate(made)])}
    return [first[id(outline.steps)] for outline in made]


@pytest.mark.parametrize(
    ("change", "end", "expected"),
    [
        ("kernel: 3", "", [0, 0, 0, 0]),
        ("kernel: i // 2 * 2 + 1", "", [0, 0, 2, 2]),
        ("kernel: i % 2 * 2 + 1", "", [0, 1, 0, 1]),
        ("kernel: 3", "init: {layer2.conv: {weight: zeros}}\n", [0, 0, 2, 3]),
        ("kernel: 3", "outputs: {y: layer3, z: layer1.norm}\n", [0, 1, 2, 2]),
        ("from: x", "outputs: {y: layer3, z: layer1, w: layer2, v: layer0}\n", [0, 0, 0, 0]),
    ],
)
def test_those_in_which_nothing_differs_share_their_outline(
    change: str, end: str, expected: list[int], tmp_path: Path
) -> None:
    made = outlines(graph(LAYERS.replace("CHANGE", change) + end, tmp_path), "layer")
    assert shared(made) == expected
    assert len({*map(id, made)}) == len(made)


def test_a_class_tells_twins_apart_that_are_given_other_types_or_check_other_sizes(tmp_path: Path) -> None:
    network = graph(LAYERS.replace("CHANGE", "kernel: 3"), tmp_path)
    crossings = Crossings(network)
    outliner = Planner(Pairing(crossings), Findings()).outliner
    layers = [network.root.children[f"layer{i}"] for i in range(4)]
    made = outliner.outlines(layers)  # type: ignore[arg-type]
    assert shared(made) == [0, 0, 0, 0]

    def counts() -> list[int]:
        return [len(alike) for alike in told_apart(made[1:], crossings)]

    assert counts() == [3]
    made[2].checks["x", 1] = 4
    assert counts() == [2, 1]
    (given,) = made[3].ports.values()
    crossings.types[given] = TensorType((1, 2))
    assert counts() == [1, 1, 1]


LOOPS: Final = """
inputs: {x: [N, T = 5, 4]}
blocks:
  layer:
    inputs: {x: [N, T, C]}
    nodes:
      zeros: {op: constant, shape: [N, C], value: 0}
      rates: {op: parameter, shape: [C], index: [i], value: log(i + C)}
      rnn: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
      out: = rnn.y * rates
    outputs: out
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes: {next: = x + h}
    outputs: {h: next}
nodes: {for i in range(3): {layer$i: layer}}
"""


def test_loops_over_time_and_tensors_that_formulas_fill_are_twins_too(tmp_path: Path) -> None:
    network = graph(LOOPS, tmp_path)
    assert shared(outlines(network, "layer")) == [0, 0, 0]
    assert source(network).count("class ") == 3


def test_a_value_that_comes_in_twice_is_not_two_values(tmp_path: Path) -> None:
    text = """
inputs: {x: [N, 4], y: [N, 4]}
blocks:
  pair: {inputs: {a: [N, C], b: [N, C]}, nodes: {sum: = a * 2 + b}}
nodes:
  one: {op: pair, from: [x, y]}
  two: {op: pair, from: [y, y]}
  three: {op: pair, from: [two, one]}
"""
    assert shared(outlines(graph(text, tmp_path), "pair")) == [0, 1, 0]


def test_another_wiring_of_equal_names_is_seen(tmp_path: Path) -> None:
    network = graph(LAYERS.replace("CHANGE", "kernel: 3"), tmp_path)
    nodes = {node.path: node for node in network.nodes}
    nodes["layer2.sum"].inputs = nodes["layer2.both.relu"].inputs * 2  # a graph that no spec makes
    assert shared(outlines(network, "layer")) == [0, 0, 2, 3]


@pytest.mark.parametrize("name", some([*NETWORKS, *RANDOM]))
def test_the_source_is_that_of_outlines_made_one_by_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = graph({**NETWORKS, **RANDOM}[name], tmp_path)
    printed = source(network)
    monkeypatch.setattr(Twins, "of", lambda *_: None)
    assert source(network) == printed
