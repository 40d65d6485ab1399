"""Loops over time: what `scan` computes against torch's own layers and plain loops."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.ir.graph import Graph
from tests.compiler import interpreter
from tests.elaboration.support import graph_of

CELL = """
blocks:
  cell:
    inputs: {x: [N, C], h: [N, H], c: [N, H]}
    nodes:
      from_x: {op: linear, from: x, out_features: 4 * H}
      from_h: {op: linear, from: h, out_features: 4 * H}
      sum: = from_x + from_h
      gate: {op: chunk, chunks: 4, dim: -1, names: [i, f, g, o]}
      next_c: = sigmoid(gate.f) * c + sigmoid(gate.i) * tanh(gate.g)
      next_h: = sigmoid(gate.o) * tanh(next_c)
    outputs: {h: next_h, c: next_c}
"""
ONE = (
    CELL
    + """
params: {reverse: false}
inputs: {x: [N, T, 5]}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  lstm: {op: scan, body: cell, dim: 1, reverse: reverse, over: {x: x}, carry: {h: zeros, c: zeros}, collect: {y: h}}
outputs: {y: lstm.y, h: lstm.h, c: lstm.c}
"""
)
SUMS = """
blocks:
  step:
    inputs: {x: [N, C], total: [N, C], scale: [C]}
    nodes: {next: = total * 0.5 + x * scale}
    outputs: {total: next, half: total}
"""
LISTS = (
    SUMS
    + """
  inner:
    inputs: {x: [N, T, C], total: [N, C], scale: [C]}
    nodes:
      loop:
        {op: scan, body: step, dim: 1, over: {x: x}, carry: {total: total}, capture: {scale: scale},
         collect: {halves: half}}
      mixed: {op: mean, from: loop.halves, dim: 1}
      next: = mixed + loop.total
    outputs: {total: next}
"""
)


def built(graph: Graph, seed: int = 0) -> nn.Module:
    return archdsl.build(graph, seed=seed).double().eval()


def sequence(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def twin(ours: nn.Module, prefix: str, layer: nn.LSTM, suffix: str = "") -> None:
    """Gives torch's layer the cell's weights."""
    cell = ours.get_submodule(prefix)
    with torch.no_grad():
        for part, name in (("ih", "from_x"), ("hh", "from_h")):
            linear = cell.get_submodule(name)
            getattr(layer, f"weight_{part}_l0{suffix}").copy_(linear.weight)
            getattr(layer, f"bias_{part}_l0{suffix}").copy_(linear.bias)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("steps", [1, 6])
def test_a_cell_of_primitives_is_torchs_lstm(tmp_path: Path, reverse: bool, steps: int) -> None:
    ours = built(graph_of(tmp_path, ONE, reverse=reverse))
    layer = nn.LSTM(5, 4, batch_first=True, bidirectional=reverse).double()
    twin(ours, "lstm", layer, "_reverse" if reverse else "")
    images = sequence(3, steps, 5).requires_grad_()
    found = ours(images)
    expected, (h, c) = layer(images)
    expected = expected[..., 4:] if reverse else expected
    torch.testing.assert_close(found.y, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(found.h, h[-1], rtol=0, atol=1e-12)
    torch.testing.assert_close(found.c, c[-1], rtol=0, atol=1e-12)
    weight = torch.randn_like(expected)
    (mine,) = torch.autograd.grad((found.y * weight).sum(), images, retain_graph=True)
    (theirs,) = torch.autograd.grad((expected * weight).sum(), images)
    torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_export_compile_and_state_dict(tmp_path: Path) -> None:
    ours = built(graph_of(tmp_path, ONE))
    assert list(ours.state_dict()) == [
        "lstm.from_x.weight", "lstm.from_x.bias", "lstm.from_h.weight", "lstm.from_h.bias"
    ]  # fmt: skip
    images = sequence(3, 6, 5)
    compiled = torch.compile(ours, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(images).y, ours(images).y)
    exported = torch.export.export(ours, (images,), dynamic_shapes=({0: torch.export.Dim("N")},))
    more = sequence(5, 6, 5)
    torch.testing.assert_close(exported.module()(more).y, ours(more).y)


def plain(x: Tensor, total: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
    halves = []
    for one in x.unbind(1):
        halves.append(total)
        total = total * 0.5 + one * scale
    return torch.stack(halves, 1), total


def test_captured_carried_and_collected(tmp_path: Path) -> None:
    """The value collected is the one before the step; what is captured is the same at every step."""
    text = (
        SUMS
        + """
inputs: {x: [N, T, 3], start: [N, 3]}
nodes:
  scale: {op: parameter, shape: [3], init: ones}
  loop:
    {op: scan, body: step, dim: 1, over: {x: x}, carry: {total: start}, capture: {scale: scale},
         collect: {halves: half}}
outputs: {halves: loop.halves, total: loop.total}
"""
    )
    ours = built(graph_of(tmp_path, text))
    x, start = sequence(2, 5, 3), sequence(2, 3)
    before = x.clone(), start.clone()
    halves, total = plain(x, start, ours.scale)
    found = ours(x, start)
    torch.testing.assert_close(found.halves, halves)
    torch.testing.assert_close(found.total, total)
    assert torch.equal(x, before[0]) and torch.equal(start, before[1])


def test_nested(tmp_path: Path) -> None:
    text = (
        LISTS
        + """
inputs: {x: [N, S, T, 3], start: [N, 3]}
nodes:
  scale: {op: parameter, shape: [3], init: ones}
  outer: {op: scan, body: inner, dim: 1, over: {x: x}, carry: {total: start}, capture: {scale: scale}}
outputs: {total: outer.total}
"""
    )
    graph = graph_of(tmp_path, text)
    ours = built(graph)
    x, total = sequence(2, 4, 5, 3), sequence(2, 3)
    found = ours(x, total)
    for one in x.unbind(1):
        halves, last = plain(one, total, ours.scale)
        total = halves.mean(1) + last
    torch.testing.assert_close(found, total)


def test_a_number_of_steps(tmp_path: Path) -> None:
    text = """
params: {steps: 3}
inputs: {x: [N, 4]}
blocks:
  step: {inputs: {x: [N, C]}, nodes: {fc: {op: linear, out_features: C}, act: tanh}, outputs: {x: act, seen: fc}}
nodes:
  loop: {op: scan, body: step, steps: steps, dim: 1, carry: {x: x}, collect: {seen: seen}}
outputs: {x: loop.x, seen: loop.seen}
"""
    ours = built(graph_of(tmp_path, text))
    x = sequence(2, 4)
    found, seen = ours(x), []
    for _ in range(3):
        seen.append(ours.loop.fc(x))
        x = torch.tanh(seen[-1])
    torch.testing.assert_close(found.x, x)
    torch.testing.assert_close(found.seen, torch.stack(seen, 1))


def test_layers_share_one_class(tmp_path: Path) -> None:
    text = (
        CELL
        + """
inputs: {x: [N, T, 4]}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  y0: {from: x}
  for i in range(3):
    lstm$i: {op: scan, body: cell, dim: 1, over: {x: y$i}, carry: {h: zeros, c: zeros}, collect: {y: h}}
    y$(i + 1): {from: lstm$i.y}
outputs: {y: y3}
"""
    )
    graph = graph_of(tmp_path, text)
    assert archdsl.source(graph).count("class ") == 2
    ours = built(graph)
    y: Any = sequence(2, 5, 4)
    found = ours(y)
    for i in range(3):
        layer = nn.LSTM(4, 4, batch_first=True).double()
        twin(ours, f"lstm{i}", layer)
        y, _ = layer(y)
    torch.testing.assert_close(found, y, rtol=0, atol=1e-12)


def test_macs_are_those_of_every_step(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, ONE)
    steps = graph.sample_sizes["T"]
    assert graph.macs == steps * (5 * 16 + 4 * 16)
    assert graph.parameters == 5 * 16 + 4 * 16 + 2 * 16


# --- what surrounds a loop ------------------------------------------------------------------------


def test_lengths_are_compared_when_the_model_runs(network: Callable[[str], Graph]) -> None:
    ours = built(network("two sequences"))
    assert ours(sequence(2, 7, 4), sequence(2, 7, 4)).shape == (2, 7, 4)
    with pytest.raises(AssertionError, match="dimension 1 of `h` does not fit"):
        ours(sequence(2, 7, 4), sequence(2, 8, 4))


def test_inputs_are_left_as_they_are(network: Callable[[str], Graph]) -> None:
    ours = built(network("relu on slices and captured"))
    x = sequence(2, 5, 4)
    before = x.clone()
    first = ours(x)
    assert torch.equal(x, before) and torch.equal(ours(x), first)


@pytest.mark.parametrize("name", ["captured parameters", "nested", "tie across", "buffers and lists"])
def test_copies_pickles_and_starts_on_meta(network: Callable[[str], Graph], name: str) -> None:
    graph = network(name)
    ours = built(graph)
    inputs = list(interpreter.draw(graph, {"N": 2}).values())
    expected = ours(*inputs)
    for other in (copy.deepcopy(ours), pickle.loads(pickle.dumps(ours))):
        torch.testing.assert_close(other(*inputs), expected, rtol=0, atol=0)
    late = archdsl.build(graph, device="meta").to_empty(device="cpu")
    torch.manual_seed(0)
    late.reset_parameters()
    late = late.double().eval()
    late.load_state_dict(ours.state_dict())
    torch.testing.assert_close(late(*inputs), expected, rtol=0, atol=1e-12)


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.parametrize("name", ["two sequences", "when in body", "nested", "opened in block", "attention"])
def test_traced(network: Callable[[str], Graph], name: str) -> None:
    graph = network(name)
    ours = built(graph)
    inputs = tuple(interpreter.draw(graph, {"N": 2}).values())
    forms = (
        torch.compile(ours, backend="eager", fullgraph=True),
        torch.export.export(ours, inputs).module(),
        torch.jit.trace(ours, inputs),
    )
    for form in forms:
        for found, expected in zip(form(*inputs), ours(*inputs), strict=True):
            torch.testing.assert_close(found, expected)


STATEFUL = """
blocks:
  step:
    inputs: {x: [N, C], h: [N, C]}
    nodes:
      norm: {op: batch_norm1d, from: x}
      dropout: {op: dropout}
      next: = dropout + h
    outputs: {h: next, kept: dropout}
inputs: {x: [N, T = 6, 50]}
nodes:
  zeros: {op: constant, shape: [N, 50], value: 0}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {kept: kept}}
outputs: loop.kept
"""


def test_every_step_counts_in_training(tmp_path: Path) -> None:
    """Statistics are those of all steps, and each step drops others."""
    ours = built(graph_of(tmp_path, STATEFUL)).train()
    x = sequence(4, 6, 50)
    kept = ours(x) != 0
    assert ours.loop.norm.num_batches_tracked == 6
    assert len({tuple(step.flatten().tolist()) for step in kept.unbind(1)}) == 6
    mean = torch.zeros(50, dtype=torch.float64)
    for step in x.unbind(1):
        mean = 0.9 * mean + 0.1 * step.mean(0)
    torch.testing.assert_close(ours.loop.norm.running_mean, mean)


def test_a_block_in_a_loop_and_outside_is_two_classes(network: Callable[[str], Graph]) -> None:
    """Loops share a class where the same goes in and comes out."""
    assert len(re.findall(r"^class Step", archdsl.source(network("inside and outside")), re.MULTILINE)) == 2
    assert len(re.findall(r"^class Step", archdsl.source(network("same seq twice")), re.MULTILINE)) == 2
    assert len(re.findall(r"^class Step", archdsl.source(network("in block in for")), re.MULTILINE)) == 2


@pytest.mark.parametrize(("name", "call"), [("lstm", "y, (h_n, c_n) = self.y(x)"), ("gru", "y, _ = self.y(x)")])
def test_the_states_of_a_fused_layer_are_unpacked(tmp_path: Path, name: str, call: str) -> None:
    read = {"lstm": "[y.output, y.h_n, y.c_n]", "gru": "y.output"}[name]
    text = f"inputs: {{x: [N, T = 6, 5]}}\nnodes:\n  y: {{op: {name}, hidden_size: 4}}\noutputs: {read}\n"
    assert call in archdsl.source(graph_of(tmp_path, text))


@pytest.mark.parametrize(
    ("read", "targets"),
    {"output": "y, _", "h_n": "_, (h_n, _)", "c_n": "_, (_, c_n)", "output h_n": "y, (h_n, _)",
     "output c_n": "y, (_, c_n)", "h_n c_n": "_, (h_n, c_n)"}.items(),
)  # fmt: skip
def test_a_state_that_nobody_reads_has_no_name(tmp_path: Path, read: str, targets: str) -> None:
    listed = ", ".join(f"y.{name}" for name in read.split())
    text = f"inputs: {{x: [N, T = 6, 5]}}\nnodes:\n  y: {{op: lstm, hidden_size: 4}}\noutputs: [{listed}]\n"
    assert f"{targets} = self.y(x)" in archdsl.source(graph_of(tmp_path, text))


def test_a_loop_of_which_only_what_it_captures_is_left(tmp_path: Path) -> None:
    """A spec that is used as a block loses what its outputs do not need: here all but the captured value."""
    (tmp_path / "inner.yaml").write_text("""archdsl: 1
inputs: {x: [N, T, C]}
blocks:
  step:
    inputs: {x: [N, C], h: [N, C], k: [N, C]}
    nodes: {next: = tanh(h) + x}
    outputs: {h: next, seen: k}
nodes:
  k: {op: mean, dim: 1}
  scan: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: k}, capture: {k: k}, collect: {seen: seen}}
outputs: scan.seen
""")
    for steps in ("5", "T = 5"):
        (tmp_path / "net.yaml").write_text(f"archdsl: 1\ninputs: {{x: [N, {steps}, 4]}}\nnodes: {{y: spec.inner}}\n")
        x = torch.randn(2, 5, 4)
        torch.testing.assert_close(archdsl.build(tmp_path / "net.yaml")(x), x.mean(1, keepdim=True).expand(2, 5, 4))
