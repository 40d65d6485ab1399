"""The ops in specs: what they compute, what is printed and said of them, and what they refuse."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

import archdsl
import archdsl_signal

NET = """\
archdsl: 1
name: wavelet
inputs: {x: [N, 3, H = 16, W = 16]}
nodes:
  haar: archdsl_signal.haar2d
  conv: {op: conv2d, out_channels: 8, kernel_size: 3, padding: 1}
  pool: {op: archdsl_signal.gem_pool2d, p: 2}
  flat: flatten
  fc: {op: linear, out_features: 5}
"""


def test_what_is_built_runs_the_package() -> None:
    model, x = archdsl.build(NET, seed=0, dtype=torch.float64), torch.randn(2, 3, 16, 16, dtype=torch.float64)
    assert [*model.state_dict()] == ["conv.weight", "conv.bias", "pool.p", "fc.weight", "fc.bias"]
    hidden = model.conv(archdsl_signal.haar2d(x))
    pooled = hidden.clamp(min=1e-6).square().mean((2, 3)).sqrt()
    assert torch.allclose(model(x), model.fc(pooled))
    assert model.pool.p.item() == 2


def test_the_source_imports_the_package_and_nothing_of_archdsl() -> None:
    source = archdsl.source(NET)
    assert "\nimport archdsl_signal\n" in source and "import archdsl\n" not in source
    assert "archdsl_signal.haar2d(x)" in source and "archdsl_signal.GemPool2d(p=2.0)" in source
    assert math.isclose(archdsl_signal.haar2d(torch.ones(1, 1, 2, 2)).sum().item(), 2)


def test_shapes_and_counts_are_those_of_a_run() -> None:
    graph = archdsl.graph(NET)
    assert str(graph.nodes[0].types[0]) == "N×12×(H // 2)×(W // 2)"
    assert graph.parameters == sum(each.numel() for each in archdsl.build(NET).parameters())


def test_figures_and_summaries_say_the_ops(tmp_path: Path) -> None:
    picture = archdsl.draw(NET, tmp_path / "net.mmd").read_text("utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert "Haar transform" in picture and "GeM pool" in picture
    table = str(archdsl.summary(NET)).replace("\N{NO-BREAK SPACE}", " ")
    assert "Haar transform" in table and "GeM pool" in table


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("W = 16", "15", "cannot halve 15"),
        ("3, H = 16, W = 16", "3, H", "expected N×C×H×W, found N×3×H"),
        ("p: 2", "p: -1", "`p` is -1, expected a number above 0"),
        ("p: 2", "q: 2", "no field `q`"),
    ],
)
def test_mistakes_are_told(old: str, new: str, message: str) -> None:
    with pytest.raises(archdsl.SpecError) as caught:
        archdsl.graph(NET.replace(old, new))
    assert message in str(caught.value)


def test_a_graph_comes_back_from_json() -> None:
    graph = archdsl.graph(NET)
    assert archdsl.Graph.from_json(graph.to_json()) == graph
