"""A small network and its weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import archdsl

SPEC = """
archdsl: 1
name: net
params: {in_channels: 3, width: 4, depth: 1, num_classes: 5}
inputs: {x: [N, in_channels, H = 8, W = 8]}
nodes:
  conv: {op: conv2d, out_channels: width, kernel_size: 3, padding: 1, bias: false}
  bn: batch_norm2d
  relu: relu
  body:
    - for i in range(depth):
        - {op: conv2d, out_channels: width, kernel_size: 1}
  pool: {op: adaptive_avg_pool2d, output_size: 1}
  flatten: flatten
  fc: {op: linear, out_features: num_classes}
"""
COUNTER = "bn.num_batches_tracked"

State = dict[str, Tensor]
Save = Callable[[Any, str], Path]


def published(spec: Path | str, **params: Any) -> State:
    """Weights that no initialiser makes: those that somebody has trained."""
    generator = torch.Generator().manual_seed(5)
    state = archdsl.build(spec, **params).state_dict()
    return {
        key: torch.rand(tensor.shape, generator=generator) if tensor.is_floating_point() else tensor + 7
        for key, tensor in state.items()
    }


def assert_loaded(module: nn.Module, state: State, *, but: tuple[str, ...] = ()) -> None:
    own = module.state_dict()
    for key, tensor in own.items():
        assert (key not in but) == torch.equal(tensor, state[key]), key


SMALL_VIT = {"patch_size": 8, "num_layers": 2, "num_heads": 2, "hidden_dim": 16, "mlp_dim": 32}
