"""A value under several names is as many outputs, wherever it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.ir.graph import Graph
from tests.compiler.networks import NETWORKS

Network = Callable[[str], Graph]

TWO = NETWORKS["one value under two names"]


def test_all_constructs_are_compared_with_the_interpreter() -> None:
    """`test_differential.py` runs them, with gradients."""
    assert sum("one value" in name for name in NETWORKS) >= 7


@pytest.mark.parametrize("batch", [1, 2, 3])
def test_two_names_of_one_value_are_two_outputs(network: Network, batch: int) -> None:
    module = archdsl.build(network(TWO), seed=0)
    x = torch.randn(batch, 3, 8, 8)
    found = module(x)
    assert found.shape == (batch, 4, 8, 8)
    torch.testing.assert_close(found, 2 * torch.relu(module.two.conv(x)))


def test_a_network_names_a_value_twice(network: Network) -> None:
    module = archdsl.build(network(NETWORKS["the network gives one value twice"]))
    found = module(torch.randn(2, 3, 8, 8))
    assert found._fields == ("one", "two", "three")
    assert found.one is found.two


def test_as_a_block_in_another_file(network: Network, tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("archdsl: 1\nname: part\n" + NETWORKS["the network gives one value twice"])
    graph = network("""
inputs: {x: [N, 3, 8, 8]}
nodes:
  part: {op: spec.part}
  out: = part.one + part.two * part.three
""")
    x = torch.randn(2, 3, 8, 8)
    b = torch.tanh(torch.relu(x))
    torch.testing.assert_close(archdsl.build(graph)(x), b + b * torch.relu(x))
