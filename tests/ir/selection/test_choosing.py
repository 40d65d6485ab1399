"""Other outputs for a network: which there are, what is left of it, and what is told of those that cannot be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl.ir.graph import Graph, Mode
from tests.elaboration.support import graph_of

NETWORK = """
inputs: {x: [N, 3, H = 32, W = 32], tokens: {shape: [N, T = 4], dtype: int64, below: 10}}
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes: {mix: = x + h, next: tanh}
    outputs: {h: next}
  pair:
    nodes: {one: relu, two: tanh}
    outputs: {one: one, two: two}
nodes:
  embed: {op: embedding, from: tokens, num_embeddings: 10, embedding_dim: 8}
  zeros: {op: constant, shape: [N, 8], value: 0}
  rnn: {op: scan, body: step, dim: 1, over: {x: embed}, carry: {h: zeros}, collect: {states: h}}
  stem.conv: {op: conv2d, from: x, out_channels: 8, kernel_size: 3, stride: 2}
  stem.norm: batch_norm2d
  pair: {op: pair}
  halves: {op: chunk, from: pair.two, chunks: 2, dim: 1, names: [low, high]}
  aux: {when: training, from: pair.one, nodes: [{op: conv2d, out_channels: 2, kernel_size: 1}]}
  last: {op: conv2d, from: halves.low, out_channels: 5, kernel_size: 1}
outputs: {image: last, states: rnn.states}
"""


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    return graph_of(tmp_path, NETWORK.replace("outputs: {image", "outputs: {aux: aux, high: halves.high, image"))


@pytest.mark.parametrize(("outputs", "names", "nodes"), [
    ("stem.conv", ["stem.conv"], "stem.conv"),
    (["pair.one", "halves.1"], ["pair.one", "halves.1"], "stem.conv stem.norm pair.one pair.two halves"),
    ({"a": "halves.high", "b": "pair.one"}, ["a", "b"], "stem.conv stem.norm pair.one pair.two halves"),
    ("embed", ["embed"], "embed"),
    ("embed.weight", ["embed.weight"], "embed"),
    ("x", ["x"], ""),
    (("pair.two",), ["pair.two"], "stem.conv stem.norm pair.one pair.two"),
])  # fmt: skip
def test_what_is_left(outputs: Any, names: list[str], nodes: str, graph: Graph) -> None:
    chosen = archdsl.graph(graph, outputs=outputs)
    assert [*chosen.outputs] == names
    assert " ".join(node.path for node in chosen.nodes) == nodes
    assert [*chosen.chosen] == names
    assert len(graph.nodes) > len(chosen.nodes)


def test_inputs_that_nothing_reads_are_left_out(graph: Graph) -> None:
    assert [*archdsl.graph(graph, outputs="rnn.states").inputs] == ["tokens"]
    assert [*archdsl.graph(graph, outputs="last").inputs] == ["x"]
    assert [*archdsl.graph(graph, outputs="last", prune=False).inputs] == ["x", "tokens"]


def test_a_loop_over_time_stays_whole(graph: Graph) -> None:
    chosen = archdsl.graph(graph, outputs="rnn.states")
    assert {"rnn.mix", "rnn.next"} < {node.path for node in chosen.nodes}


def test_an_output_of_one_mode_says_so(graph: Graph) -> None:
    chosen = archdsl.graph(graph, outputs=["aux", "stem.norm"])
    assert chosen.output_modes == {"aux": Mode.TRAINING}


def test_what_is_left_out_is_known(graph: Graph) -> None:
    chosen = archdsl.graph(graph, outputs="stem.norm")
    assert chosen.pruned == ("embed.weight", "aux.0.weight", "aux.0.bias", "last.weight", "last.bias")
    again = archdsl.graph(chosen, outputs="stem.conv")
    assert again.pruned[5:] == tuple(f"stem.norm.{name}" for name in (
        "weight", "bias", "running_mean", "running_var", "num_batches_tracked"
    ))  # fmt: skip
    assert archdsl.graph(graph, outputs="stem.norm", prune=False).pruned == ()


def test_what_is_kept_and_not_needed_is_frozen(graph: Graph) -> None:
    chosen = archdsl.graph(graph, outputs="stem.norm", prune=False)
    assert {node.path: node.frozen for node in chosen.nodes if node.frozen} == {
        "embed": ("weight",), "aux.0": ("weight", "bias"), "last": ("weight", "bias")
    }  # fmt: skip
    assert not any(node.frozen for node in graph.nodes)


def test_the_first_graph_stays_as_it_is(graph: Graph) -> None:
    before = graph.to_json()
    chosen = archdsl.graph(graph, outputs=["pair.one", "stem.conv"])
    assert graph.to_json() == before
    assert Graph.from_json(chosen.to_json()) == chosen
    assert not {*graph.nodes} & {*chosen.nodes}
    assert all(node.scope in {chosen.root, *chosen.root.children.values()} for node in chosen.nodes)


def test_nothing_chosen_is_the_same_graph(graph: Graph) -> None:
    assert archdsl.graph(graph) is graph


def test_an_input_that_alone_tells_a_size_stays(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, """
        inputs: {x: [N, 4], y: [N, T = 3]}
        nodes:
          table: {op: constant, shape: [T, 4], value: 1}
          sum: = x.unsqueeze(1) + table
          both: {op: cat, dim: 1, from: [x, y]}
        outputs: {sum: sum, both: both}
    """.replace("x.unsqueeze(1) + table", "table * 2"))  # fmt: skip
    assert [*archdsl.graph(graph, outputs="sum").inputs] == ["x", "y"]


@pytest.mark.parametrize(("outputs", "message"), [
    ("lst", "there is no value `lst` in `net`; did you mean `last`?"),
    ("stem.cnv", "there is no value `stem.cnv` in `net`; did you mean `stem.conv`?"),
    ("pair.three", "there is no value `pair.three` in `net`; `archdsl summary` lists the paths"),
    ("last.", "there is no value `last.` in `net`; did you mean `last`?"),
    ("", "there is no value `` in `net`; `archdsl summary` lists the paths"),
    ("x.y", "there is no value `x.y` in `net`; `archdsl summary` lists the paths"),
    ("stem", "`stem` is made by dotted names and has no value of its own; name its last child, `stem.norm`"),
    ("pair", "`pair` has several outputs; name one of `pair.one`, `pair.two`"),
    ("halves", "`halves` has several outputs; name one of `halves.low`, `halves.high`"),
    ("halves.2", "there is no value `halves.2` in `net`; did you mean `halves.low`?"),
    ("rnn.mix", "`rnn.mix` has a value of its own at each step of the loop over time `rnn`, and none outside; "
                "name it under the `outputs` of the loop's block, and under `collect`"),
    ([], "no outputs are named; a network has one at least"),
    ({}, "no outputs are named; a network has one at least"),
    (["last", "last"], "the output `last` is named twice; name it once"),
    ({"class": "last"}, "`class` is no name for an output; a name is letters, digits and `_`, is no keyword of Python "
                        "and begins with a letter"),
    ({"_fields": "last"}, "`_fields` is no name for an output; a name is letters, digits and `_`, is no keyword of "
                          "Python and begins with a letter"),
    ({"a b": "last"}, "`a b` is no name for an output; a name is letters, digits and `_`, is no keyword of Python and "
                      "begins with a letter"),
    ([1], "an output is named by the text of a path, found the number 1"),
    ({1: "last"}, "an output is named by the text of a path, found the number 1"),
    (["x" * 2000], "a name of 2,000 characters; names have at most 200"),
])  # fmt: skip
def test_what_can_be_no_output(outputs: Any, message: str, graph: Graph) -> None:
    with pytest.raises(archdsl.OutputsError) as error:
        archdsl.graph(graph, outputs=outputs)
    assert str(error.value) == message


@pytest.mark.parametrize(("choice", "message"), [
    ({"out_indices": [5]}, "there is no feature 5; they are numbered from 0 to 4"),
    ({"out_indices": [True]}, "there is no feature True; they are numbered from 0 to 4"),
    ({"out_indices": [1, -4]}, "the feature 1, `layer1`, is named twice; name it once"),
    ({"out_indices": []}, "no features are named; a network has one output at least"),
    ({"features": True, "outputs": "fc"}, "outputs and features are asked for at once; ask for one of them"),
    ({"out_indices": [1], "outputs": "fc"}, "outputs and features are asked for at once; ask for one of them"),
    ({"prune": False}, "a network is pruned to outputs or features, and none are asked for; name some, or leave it "
                       "whole"),
])  # fmt: skip
def test_what_can_be_no_choice(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(archdsl.OutputsError) as error:
        archdsl.graph("resnet18", **choice)
    assert str(error.value) == message


def test_a_network_without_an_image_has_no_features() -> None:
    with pytest.raises(archdsl.OutputsError, match=r"`gpt2` has no features that can be found; name values as outputs"):
        archdsl.graph("gpt2", features=True)


def test_some_features() -> None:
    assert [*archdsl.graph("resnet18", out_indices=[-1, 1]).outputs] == ["layer4", "layer1"]
    assert [*archdsl.graph("resnet18", features=True, out_indices=range(2)).outputs] == ["relu", "layer1"]
