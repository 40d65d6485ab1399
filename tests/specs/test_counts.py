"""Parameters and MACs of every shipped network, as torch counts them on the meta device.

Torch counts a product as two operations and a bias as none, so its count is twice ours. Its fast path for
attention is one call that it cannot look into, and is turned off. No network is cut down and no op is excepted.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl import Graph
from archdsl.document.files import shipped
from archdsl.shapes import evaluate

QUICK = ("lenet5", "resnet18", "swin_t", "lstm")
ALL = [
    pytest.param(path.stem, marks=[] if path.stem in QUICK else pytest.mark.slow, id=path.stem) for path in shipped()
]


@pytest.fixture(autouse=True)
def without_fast_path() -> Iterator[None]:
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(before)


@pytest.mark.parametrize("name", ALL)
def test_counts_equal_torchs(name: str) -> None:
    graph = archdsl.graph(name)
    module = archdsl.build(graph, device="meta").eval()
    assert graph.sample_sizes.get("N", 1) == 1
    assert graph.parameters == sum(parameter.numel() for parameter in module.parameters())
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(*empty_inputs(graph))
    assert 2 * graph.macs == counter.get_total_flops() > 0


def empty_inputs(graph: Graph) -> list[torch.Tensor]:
    """The network's inputs at the sample sizes, without numbers."""
    inputs = []
    for node in graph.inputs.values():
        shape = [evaluate(dim, graph.sample_sizes) for dim in node.types[0].shape]
        inputs.append(torch.empty(shape, dtype=getattr(torch, node.types[0].dtype), device="meta"))
    return inputs
