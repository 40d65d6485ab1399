"""The tree of modules, and the names in it."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import nn

from tests.compiler.importing.support import same


class Scale(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.randn(size))
        self.register_buffer("offset", torch.randn(size))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gamma + self.offset


class Residual(nn.Module):
    def __init__(self, size: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(size)
        self.layers = nn.Sequential(nn.Linear(size, 2 * size), nn.ReLU(inplace=True), nn.Linear(2 * size, size))
        self.scale = Scale(size)
        self.add = nn.ReLU()  # a name that a sum would like to have

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.scale(self.layers(self.norm(x)))
        return self.add(self.add(x) - 1)


class Whole(nn.Module):
    """Lists of modules, a shared one, weights that functions read, two inputs and outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(Residual(6) for _ in range(2))
        self.shared = nn.Linear(6, 6)
        self.weight = nn.Parameter(torch.randn(4, 6))
        self.head = nn.ModuleDict({"first": nn.Linear(4, 3)})

    def forward(self, x: torch.Tensor, y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        for block in self.blocks:
            x = block(x)
        y = self.shared(y)
        x = self.shared(x)
        x += y
        return self.head["first"](F.linear(x, self.weight)), y.flatten(1)


def test_the_tree_of_modules_is_the_spec_s() -> None:
    text = same(Whole(), (5, 6), (5, 6))
    assert "shared_1: {share: shared, from: blocks.1}" in text
    assert "x: [N, T = 5, 6]" in text
