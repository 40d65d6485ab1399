"""What of a module no spec says is told."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import Of


class Twice(nn.Module):
    """A module of one tensor in two places."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> Any:
        return self.module(x, x)


class Inverse(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.linalg.inv(x)


def test_what_no_op_says_is_told_with_its_module() -> None:
    with pytest.raises(ModuleError) as caught:
        spec_of(nn.Sequential(nn.Linear(4, 4), Inverse()), [torch.randn(2, 4, 4)])
    assert "`1` (" in str(caught.value)
    assert "Inverse" in str(caught.value)
    assert "linalg_inv" in str(caught.value)


@pytest.mark.parametrize(
    ("module", "call"),
    [
        (Twice(nn.Bilinear(4, 4, 3)), "bilinear"),
        (nn.Sequential(nn.Unflatten(1, (1, 4)), nn.InstanceNorm1d(1, affine=True)), "instance_norm"),
        (Of(lambda x: x.cumsum(1, dtype=torch.float64)), "cumsum"),
        (Of(lambda x: x.add(x, alpha=2)), "add"),
        (Of(lambda x: x.div(x, rounding_mode="floor")), "div"),
        (Of(lambda x: x + torch.arange(4)), "arange"),
        (Of(lambda x: x[:, [1, 0]]), "index"),
    ],
)
def test_what_would_be_said_wrongly_is_told(module: nn.Module, call: str) -> None:
    with pytest.raises(ModuleError, match=rf"aten\.{call}"):
        spec_of(module, [torch.randn(2, 4)])


class Unread(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.used, self.unused = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.used(x)


def test_a_tensor_that_nothing_reads_is_told() -> None:
    with pytest.raises(ModuleError, match=r"`unused\.weight` is read by no call"):
        spec_of(Unread(), [torch.randn(2, 4)])
