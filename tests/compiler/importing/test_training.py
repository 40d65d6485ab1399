"""What training mode has besides: branches that are dropped, heads of its own, dropout by function."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from archdsl_torch import spec_of
from tests.compiler.importing.support import both, same


class DropPath(nn.Module):
    """A residual branch, dropped for each sample or for all."""

    def __init__(self, keep: float, row: bool) -> None:
        super().__init__()
        self.linear, self.keep, self.row = nn.Linear(4, 4), keep, row

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        if not self.training:
            return x + y
        noise = y.new_empty([x.shape[0] if self.row else 1] + [1] * (x.ndim - 1)).bernoulli_(self.keep).div_(self.keep)
        return x + y * noise


class ByFunction(nn.Module):
    """Dropout by function, of attention too, and one that is never on."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.norm = nn.Linear(4, 12), nn.BatchNorm1d(4, momentum=0.3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.norm(F.dropout(x, 0.3, self.training).flatten(0, 1)).unflatten(0, x.shape[:2])
        q, k, v = self.qkv(x).chunk(3, -1)
        x = F.scaled_dot_product_attention(q, k, v, dropout_p=0.2 if self.training else 0.0)
        return F.dropout(x, 0.5, False)


class Auxiliary(nn.Module):
    """A head that only training has."""

    def __init__(self) -> None:
        super().__init__()
        self.body, self.head = nn.Linear(4, 4), nn.Linear(4, 3)
        self.aux = nn.Sequential(
            nn.Linear(4, 4), nn.BatchNorm1d(4), nn.ReLU(inplace=True), nn.Dropout(0.7), nn.Linear(4, 3)
        )

    def forward(self, x: torch.Tensor) -> Any:
        x = self.body(x)
        aux = self.aux(x) * 2 if self.training else None
        x = self.head(x.relu())
        return {"main": x, "aux": aux} if self.training else x


class Other(nn.Module):
    """Another function while it trains."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.sin() if self.training else x.cos()


@pytest.mark.parametrize(("row", "mode"), [(True, ""), (False, ", mode: batch")])
def test_a_branch_that_is_dropped(row: bool, mode: str) -> None:
    text = both(DropPath(0.8, row), 5, 4)
    assert f"stochastic_depth: {{op: stochastic_depth, from: linear, p: 0.2{mode}}}" in text


def test_dropout_by_function() -> None:
    text = both(ByFunction(), 5, 4)
    assert "dropout: {op: dropout, from: x, p: 0.3}" in text
    assert "dropout_p: 0.2" in text
    assert "p: 0.5" not in text
    assert "momentum: 0.3" in text


def test_a_head_of_training_alone() -> None:
    text = both(Auxiliary(), 4)
    assert "when: training" in text
    assert "mul: {when: training, value: aux * 2}" in text


def test_another_function_in_training_is_not_said() -> None:
    assert "cos(x)" in same(Other(), (4,))


def test_the_module_keeps_its_state_and_mode() -> None:
    module = nn.Sequential(nn.BatchNorm1d(4), nn.Dropout(0.1)).train()
    module[1].eval()
    before = {key: value.clone() for key, value in module.state_dict().items()}
    spec_of(module, [torch.randn(2, 4)])
    assert module.training
    assert not module[1].training
    assert all(torch.equal(value, module.state_dict()[key]) for key, value in before.items())


class Uniform(nn.Module):
    """A branch that `torch.rand` drops: no op says it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.linear(x)
        return x + (y * torch.rand(4) if self.training else y)


def test_a_mode_that_is_not_written_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    same(Uniform(), (4,))
    (record,) = (each for each in caplog.records if each.name == "archdsl")
    assert record.getMessage() == (
        "`Uniform` is written as it is in evaluation mode alone: what it does in training mode besides, no op says"
    )
    caplog.clear()
    same(DropPath(0.5, row=True), (4,))
    assert not [each for each in caplog.records if each.name == "archdsl"]
