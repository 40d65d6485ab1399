"""Sizes that only the network around knows: a class's forward is given them, and every tracer takes such a forward."""

from __future__ import annotations

import copy
import io
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, fx, nn

import archdsl
from archdsl.ir.graph import Graph
from benchmarks import synthetic
from tests.compiler import interpreter
from tests.compiler.networks import texts
from tests.compiler.tracing import fx_takes_arange

Network = Callable[[str], Graph]
PASSED = texts("passed")
SIZES = [{"N": 2, "H": 9, "W": 8, "T": 6, "S": 5}, {"N": 3, "H": 15, "W": 14, "T": 4, "S": 7}]
"""The first are those that are traced; torch's export keeps to their parity, on which views depend."""


def exported(module: nn.Module, inputs: dict[str, Tensor]) -> nn.Module:
    anything = {name: dict.fromkeys(range(x.dim()), torch.export.Dim.AUTO) for name, x in inputs.items()}
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module, (), inputs, dynamic_shapes=anything), buffer)
    return torch.export.load(io.BytesIO(buffer.getvalue())).module()


def compiled(module: nn.Module, inputs: dict[str, Tensor]) -> Any:
    return torch.compile(module, fullgraph=True, backend="eager", dynamic=True)


def traced(module: nn.Module, inputs: dict[str, Tensor]) -> nn.Module:
    return fx.symbolic_trace(module)


@pytest.mark.parametrize("trace", [exported, compiled, traced])
@pytest.mark.parametrize("name", [name for name in PASSED if "loops" not in name])
def test_tracers_take_it_at_any_size(network: Network, name: str, trace: Callable[..., Any]) -> None:
    if trace is traced and not fx_takes_arange():
        pytest.skip("this torch's fx traces no `torch.arange` of a size")
    graph = network(PASSED[name])
    module = archdsl.build(graph, seed=0, dtype=torch.float64).eval()
    found = trace(module, interpreter.draw(graph, SIZES[0], 0))
    for seed, sizes in enumerate(SIZES):
        inputs = interpreter.draw(graph, sizes, seed)
        torch.testing.assert_close(found(**inputs), module(**inputs), rtol=1e-12, atol=1e-12)


@pytest.fixture
def alone() -> Iterator[None]:
    """A group of one process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torch.distributed.init_process_group("gloo", init_method=f"tcp://127.0.0.1:{port}", rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


@pytest.mark.usefixtures("alone")
@pytest.mark.parametrize("name", PASSED)
def test_gradients_in_a_distributed_module_are_the_modules(network: Network, name: str) -> None:
    graph = network(PASSED[name])
    module = archdsl.build(graph, seed=0, dtype=torch.float64)
    wrapped = nn.parallel.DistributedDataParallel(copy.deepcopy(module))
    for each in (module, wrapped):
        result = each(**interpreter.draw(graph, SIZES[1], 0))
        sum(x.square().sum() for x in (result if isinstance(result, tuple) else [result])).backward()
    for one, other in zip(module.parameters(), wrapped.parameters(), strict=True):
        torch.testing.assert_close(one.grad, other.grad, rtol=1e-12, atol=1e-12)


def test_equal_layers_share_a_class_that_is_given_the_sizes(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(synthetic.padded(10, 23))
    text = archdsl.source(file)
    assert text.count("class ") == 2
    assert "def forward(self, x, below, right):" in text
    assert text.count("(x, h % 2, w % 2)") == 220


def test_a_size_that_the_spec_leaves_open_stays_the_only_one(network: Network) -> None:
    """`-1` of the spec, and a size that is out of reach, are not both `-1`."""
    graph = network("""
inputs: {x: [N, H = 6, W = 5, 4]}
blocks:
  rows:
    params: {height: int}
    inputs: {x: [N, T, C]}
    nodes: {image: {op: reshape, shape: [N, height, -1, C]}}
nodes: {flat: {op: flatten, start_dim: 1, end_dim: 2}, rows: {op: rows, height: H}}
""")
    assert archdsl.build(graph)(torch.zeros(2, 3, 7, 4)).shape == (2, 3, 7, 4)
