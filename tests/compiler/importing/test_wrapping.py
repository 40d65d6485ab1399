"""Modules that are one layer with calls around it."""

from __future__ import annotations

from collections import OrderedDict

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.importing.support import same


class NormAct(nn.BatchNorm2d):
    """Normalisation that ends in an activation of its own."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.act = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(super().forward(x)) * 2


class Padded(nn.Conv2d):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(F.pad(x, (1, 2, 1, 2)))


class Standardised(nn.Conv2d):
    """It computes with its weight, which is no layer's then."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(x, self.weight - self.weight.mean((1, 2, 3), keepdim=True), self.bias)


class Pair(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.bn1, self.bn2 = Padded(3, 4, 4), NormAct(4), nn.Sequential(NormAct(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn2(self.bn1(self.conv(x)))


def test_a_layer_with_calls_around_it_has_the_module_s_name() -> None:
    text = same(Pair(), (3, 6, 6))
    assert "conv_pad: {op: pad, from: x, pad: [1, 2, 1, 2]}" in text
    assert "conv: {op: conv2d, from: conv_pad, out_channels: 4, kernel_size: 4}" in text
    assert "bn1_act: {op: relu, from: bn1}" in text
    assert "bn1_mul: = bn1_act * 2" in text


@pytest.mark.parametrize("name", ["0", "a.b"])
def test_its_name_may_be_a_number_or_be_below_a_container(name: str) -> None:
    first, _, second = name.partition(".")
    inner = nn.Sequential(OrderedDict({second: NormAct(3)})) if second else NormAct(3)
    same(nn.Sequential(OrderedDict({first: inner, "last": Padded(3, 2, 4)})), (3, 5, 5))


class Again(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = NormAct(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(self.norm(x) + 1)


def test_it_runs_again() -> None:
    assert "{share: norm, from: add}" in same(Again(), (3, 4, 4))


def test_a_weight_that_is_computed_with_is_no_layer_s() -> None:
    text = same(nn.Sequential(Standardised(3, 4, 3)), (3, 5, 5))
    assert "weight: {op: parameter, shape: [4, 3, 3, 3]}" in text
