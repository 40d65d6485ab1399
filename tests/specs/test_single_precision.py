"""`dtype: torch.float32`: tables in 32 bits whatever the model's dtype, as references have them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl
from tests.elaboration.support import graph_of

ROTARY = """\
inputs: {x: [N, 2, T = 6, 8]}
nodes:
  steps: {op: constant, shape: [4], index: [i], value: 2 * i, dtype: torch.float32}
  frequencies: = 1.0 / 10000 ** (steps / 8)
  places: {op: constant, shape: [T, 1], index: [t, u], value: t, dtype: torch.float32}
  half: = places * frequencies
  angles: {op: cat, dim: 1, from: [half, half]}
  cosines: = cos(angles)
  sines: = sin(angles)
  cos: {op: cast, from: cosines, dtype: float32}
  sin: {op: cast, from: sines, dtype: float32}
  parts: {op: chunk, from: x, chunks: 2, dim: -1, names: [a, b]}
  less: = -parts.b
  turned: {op: cat, dim: -1, from: [less, parts.a]}
  out: = x * cos + turned * sin
outputs: {out: out, angles: angles}
"""


class Rotary(nn.Module):
    """As libraries write it: everything of the table is float32, whatever x is."""

    def forward(self, x: Tensor) -> Tensor:
        frequencies = 1.0 / 10000 ** (torch.arange(0, 8, 2).float() / 8)
        half = torch.arange(x.shape[2]).float()[:, None] * frequencies
        angles = torch.cat([half, half], dim=-1)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        a, b = x.chunk(2, -1)
        return x * cos + torch.cat([-b, a], dim=-1) * sin


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("late", [False, True])
def test_a_rotary_table_is_the_references_to_the_last_bit(dtype: torch.dtype, late: bool, tmp_path: Path) -> None:
    graph = graph_of(tmp_path, ROTARY)
    module = archdsl.build(graph).to(dtype) if late else archdsl.build(graph, dtype=dtype)
    assert not module.state_dict()
    for length in (6, 300):
        x = torch.randn(2, 2, length, 8, dtype=torch.float64).to(dtype)
        made = module(x)
        assert torch.equal(made.out, Rotary()(x)) and made.out.dtype is dtype
        assert made.angles.dtype is torch.float32


def test_without_it_the_table_has_the_models_dtype(tmp_path: Path) -> None:
    text = ROTARY.replace("torch.float32", "float32")
    x = torch.randn(2, 2, 300, 8, dtype=torch.float64)
    made = archdsl.build(graph_of(tmp_path, text), dtype=torch.float64)(x)
    assert made.angles.dtype is torch.float64 and not torch.equal(made.out, Rotary()(x))


SINUSOIDAL = """\
inputs: {steps: {shape: [N], dtype: int64, below: 1000}, x: [N, 16]}
nodes:
  index: {op: constant, shape: [8], index: [i], value: i, dtype: torch.float32}
  frequencies: = exp(-log(10000) * index / 8)
  column: {op: unsqueeze, from: steps, dim: 1}
  angles: = column * frequencies
  cosines: = cos(angles)
  sines: = sin(angles)
  table: {op: cat, dim: 1, from: [cosines, sines]}
  cast: {op: cast, dtype: float32}
  out: {op: linear, from: cast, out_features: 3}
  sum: = out + 0
  scaled: {op: linear, from: x, out_features: 3}
  all: = sum + scaled
"""


def test_sinusoids_of_whole_numbers(tmp_path: Path) -> None:
    """The table of diffusion's time steps, of whole numbers and a float32 table, in a model of float64."""
    module = archdsl.build(graph_of(tmp_path, SINUSOIDAL), dtype=torch.float64)
    steps, x = torch.tensor([3, 999]), torch.randn(2, 16, dtype=torch.float64)
    frequencies = torch.exp(-9.210340371976184 * torch.arange(8).float() / 8)
    angles = steps[:, None] * frequencies
    table = torch.cat([angles.cos(), angles.sin()], dim=1).double()
    assert torch.equal(module(steps, x), module.out(table) + 0 + module.scaled(x))  # type: ignore[operator]
