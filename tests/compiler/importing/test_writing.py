"""What a nested module reads of what is around it."""

from __future__ import annotations

import torch
from torch import nn

from tests.compiler.importing.support import same


class Reaching(nn.Module):
    """What a nested module reads of around it, under names that it has itself."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Linear(4, 4), nn.Tanh())
        self.second = Inner()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x), x, self.first[0](x))


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)
        self.deep = Inmost()

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.deep(self.first(given[0]), *given)


class Inmost(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(4, 4)

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return sum(given[1:], self.first(given[0])) * given[1]


def test_names_that_are_hidden_are_read_by_others() -> None:
    text = same(Reaching(), (3, 4))
    assert "outer_0: {from:" in text
