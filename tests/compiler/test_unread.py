"""What nobody reads is printed as Python that runs, and the module keeps its inputs and its tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch

import archdsl
from archdsl.ir.graph import Graph

Network = Callable[[str], Graph]

UNREAD_BLOCK = """
inputs: {x: [N, 4]}
blocks:
  norm:
    nodes: {a: {op: batch_norm1d}, b: {op: linear, out_features: 2}}
nodes:
  side: {op: norm, from: x}
  y: {op: relu, from: x}
"""
UNREAD_LOOP = """
inputs: {x: [N, T = 3, 4]}
blocks:
  step: {inputs: {x: [N, C], h: [N, C]}, nodes: {next: = x + h}, outputs: {h: next}}
nodes:
  zeros: {op: constant, shape: [N, 4], value: 0}
  loop: {op: scan, body: step, dim: 1, over: {x: x}, carry: {h: zeros}, collect: {y: h}}
  y: {op: relu, from: x}
"""


def test_an_unread_block_runs_for_its_statistics(network: Network) -> None:
    module = archdsl.build(network(UNREAD_BLOCK), seed=0)
    x = torch.randn(5, 4)
    assert torch.equal(module(x), x.relu())
    assert module.side.a.num_batches_tracked == 1
    assert "        self.side(x)\n" in archdsl.source(network(UNREAD_BLOCK))


def test_an_unread_loop(network: Network) -> None:
    x = torch.randn(5, 3, 4)
    assert torch.equal(archdsl.build(network(UNREAD_LOOP))(x), x.relu())


def test_a_block_of_containers_alone(network: Network) -> None:
    text = """
inputs: {x: [N, 4]}
blocks:
  pair:
    nodes: {part.a: {op: linear, out_features: 3}, part.b: tanh}
    outputs: part.b
nodes: {one: pair, two: pair}
"""
    module = archdsl.build(network(text))
    assert [*module.state_dict()] == [f"{n}.part.a.{w}" for n in ("one", "two") for w in ("weight", "bias")]
    assert module(torch.randn(2, 4)).shape == (2, 3)


def test_unread_inputs_stay_arguments(network: Network) -> None:
    text = "inputs: {a: [N, 4], b: [N, 4], c: [N, 4]}\nnodes: {y: {op: tanh, from: b}}\n"
    module = archdsl.build(network(text))
    a, b, c = torch.randn(3, 2, 4).unbind()
    assert torch.equal(module(a, b, c), b.tanh())
    assert torch.equal(module(c=c, b=b, a=a), b.tanh())


def test_an_input_as_the_output(network: Network) -> None:
    module = archdsl.build(network("inputs: {x: [N, 4]}\nnodes: {y: {from: x}}\n"))
    x = torch.randn(2, 4)
    assert module(x) is x


def test_an_unread_node_reads_a_spec_used_as_a_block(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "inner.yaml").write_text("archdsl: 1\nname: inner\ninputs: {x: [N, C]}\nnodes: {a: tanh}\n")
    text = "archdsl: 1\nname: net\ninputs: {x: [N, 4]}\nnodes:\n  inner: {op: spec.inner}\n  unread: relu\n"
    file = tmp_path / "net.yaml"
    file.write_text(f"{text}  y: {{op: sigmoid, from: x}}\n")
    x = torch.randn(2, 4)
    assert torch.equal(archdsl.build(file)(x), x.sigmoid())
