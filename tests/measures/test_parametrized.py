"""The memory that computing a weight takes, against what torch keeps and holds."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from tests.elaboration.support import graph_of
from tests.report.measuring import inputs_at, kept_bytes, peak_bytes


@pytest.mark.parametrize("first", ["conv2d", "linear"])
@pytest.mark.parametrize(
    "text", ["weight_norm", "weight_norm(dim=1)", "weight_norm(dim=null)", "spectral_norm", "spectral_norm(dim=1)"]
)
def test_memory(text: str, first: str, tmp_path: Path) -> None:
    size = "out_channels: 8, kernel_size: 3" if first == "conv2d" else "out_features: 8"
    graph = graph_of(
        tmp_path,
        f"""\
inputs: {{x: [N, 6, 12, 12]}}
nodes:
  before: {{op: conv2d, out_channels: 5, kernel_size: 1}}
  after: {{op: {first}, {size}, bias: false, parametrization: "{text}"}}
""",
    )
    module, memory = archdsl.build(graph, seed=0), archdsl.summary(graph).memory
    inputs = inputs_at(graph, {"N": 1}, "cpu")
    assert memory.training.activations == kept_bytes(module, inputs)
    assert memory.inference.activations == peak_bytes(module, inputs)
