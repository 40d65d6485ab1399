"""Weight and spectral normalisation in whole networks, against modules as one writes them by hand."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

import archdsl
from tests.elaboration.support import graph_of

NETWORK = """\
inputs: {x: [N, 3, H = 12, W = 12]}
blocks:
  residual:
    inputs: {x: [N, C, H, W]}
    nodes:
      conv1: {op: conv2d, out_channels: C, kernel_size: 3, padding: 1, parametrization: weight_norm}
      act: gelu
      conv2: {op: conv2d, out_channels: C, kernel_size: 1, bias: false, parametrization: weight_norm(dim=1)}
      add: = conv2 + input
nodes:
  stem: {op: conv2d, out_channels: 6, kernel_size: 3, parametrization: "spectral_norm(n_power_iterations=2)"}
  blocks:
    - for i in range(2):
        op: residual
  up: {op: conv_transpose2d, out_channels: 4, kernel_size: 2, stride: 2, parametrization: spectral_norm}
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flat: flatten
  fc: {op: linear, out_features: 5, parametrization: weight_norm(dim=null), init: {weight: normal(std=0.5)}}
init:
  conv2d: {weight: "normal(std=0.1)", bias: zeros}
"""


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = parametrizations.weight_norm(nn.Conv2d(6, 6, 3, padding=1))
        self.conv2 = parametrizations.weight_norm(nn.Conv2d(6, 6, 1, bias=False), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv2(nn.functional.gelu(self.conv1(x))) + x  # type: ignore[no-any-return]


class ByHand(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = parametrizations.spectral_norm(nn.Conv2d(3, 6, 3), n_power_iterations=2)
        self.blocks = nn.Sequential(Residual(), Residual())
        self.up = parametrizations.spectral_norm(nn.ConvTranspose2d(6, 4, 2, stride=2))
        self.fc = parametrizations.weight_norm(nn.Linear(4, 5), dim=None)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.up(self.blocks(self.stem(x))).mean((2, 3)))  # type: ignore[no-any-return]


@pytest.mark.parametrize("training", [False, True])
def test_equals_what_is_written_by_hand(training: bool, tmp_path: Path) -> None:
    """Keys, strict loading, outputs, gradients, and the vectors that training moves on, in float64."""
    torch.manual_seed(1)
    reference = ByHand().double().train(training)
    module = archdsl.build(graph_of(tmp_path, NETWORK), dtype=torch.float64).train(training)
    assert list(module.state_dict()) == list(reference.state_dict())
    module.load_state_dict(copy.deepcopy(reference.state_dict()))
    x = torch.randn(2, 3, 11, 14, dtype=torch.float64)
    for _ in range(2):
        made, expected = module(x), reference(x)
        torch.testing.assert_close(made, expected, rtol=1e-12, atol=1e-12)
        made.square().sum().backward()
        expected.square().sum().backward()
    for (name, left), right in zip(module.named_parameters(), reference.parameters(), strict=True):
        torch.testing.assert_close(left.grad, right.grad, rtol=1e-10, atol=1e-10, msg=name)
    for left, right in zip(module.buffers(), reference.buffers(), strict=True):
        torch.testing.assert_close(left, right, rtol=1e-12, atol=1e-12)


def test_init_is_of_the_weight_that_is_computed(tmp_path: Path) -> None:
    graph = graph_of(tmp_path, NETWORK)
    module = archdsl.build(graph, seed=0)
    fc = module.fc
    assert isinstance(fc, nn.Linear)
    assert 0.25 < float(fc.weight.detach().std()) < 0.75
    norms = fc.parametrizations.weight  # type: ignore[union-attr]
    torch.testing.assert_close(norms.original0, norms.original1.norm())  # type: ignore[union-attr, operator]
    stem = module.stem
    assert isinstance(stem, nn.Conv2d)
    assert stem.bias is not None and not stem.bias.any()
    assert float(torch.linalg.matrix_norm(stem.eval().weight.detach().flatten(1), 2)) == pytest.approx(1, abs=0.05)
    again = archdsl.build(graph, seed=0)
    for left, right in zip(module.state_dict().values(), again.state_dict().values(), strict=True):
        torch.testing.assert_close(left, right, rtol=0, atol=0)


def test_is_exported_and_copied(tmp_path: Path) -> None:
    module = archdsl.build(graph_of(tmp_path, NETWORK), seed=0).eval()
    x = torch.randn(2, 3, 12, 12)
    exported = torch.export.export(module, (x,)).module()
    torch.testing.assert_close(exported(x), module(x))
    torch.testing.assert_close(copy.deepcopy(module)(x), module(x))


def test_names_of_the_older_hooks_load(tmp_path: Path) -> None:
    """`torch.nn.utils.weight_norm` calls them `weight_g` and `weight_v`: two renames."""
    text = """\
inputs: {x: [N, 4]}
nodes:
  fc: {op: linear, out_features: 3, parametrization: weight_norm}
weights:
  renames: {"*.weight_g": "*.parametrizations.weight.original0", "*.weight_v": "*.parametrizations.weight.original1"}
"""
    graph = graph_of(tmp_path, text)
    old = {"fc.bias": torch.randn(3), "fc.weight_g": torch.rand(3, 1), "fc.weight_v": torch.randn(3, 4)}
    torch.save(old, tmp_path / "old.pt")
    module = archdsl.build(graph)
    archdsl.load_weights(graph, module, tmp_path / "old.pt")
    fc = module.fc
    assert isinstance(fc, nn.Linear)
    torch.testing.assert_close(fc.weight, old["fc.weight_g"] * nn.functional.normalize(old["fc.weight_v"], dim=1))


def test_ties_and_reads_of_what_a_layer_has_further_inside(tmp_path: Path) -> None:
    text = """\
inputs: {x: [N, 4]}
nodes:
  a: {op: linear, out_features: 4, parametrization: weight_norm}
  b:
    op: linear
    out_features: 4
    parametrization: weight_norm
    tie: {parametrizations.weight.original1: a.parametrizations.weight.original1}
  c: {op: linear, from: {input: b, weight: a.parametrizations.weight.original1}}
"""
    module = archdsl.build(graph_of(tmp_path, text), seed=0)
    assert len([*module.parameters()]) == 5
    assert module(torch.randn(2, 4)).shape == (2, 4)
