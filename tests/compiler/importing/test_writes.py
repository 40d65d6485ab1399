"""What is written in place, and what else has it: another name of the same tensor, and no copy of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import Of, same


def copied(x: torch.Tensor) -> torch.Tensor:
    y = x.clone()
    y += 1
    return x * y


def made_contiguous(x: torch.Tensor) -> torch.Tensor:
    z = x * 2
    y = z.transpose(1, 2).contiguous()
    y += 1
    return z.transpose(1, 2) * y


def named_twice(x: torch.Tensor) -> torch.Tensor:
    z = x * 2
    y = z.detach().contiguous()
    z.add_(1).mul_(y)
    return y - z * x


def written_last(x: torch.Tensor) -> torch.Tensor:
    y = (x * 2).flatten(1)
    return F.relu(y, inplace=True) + y


@pytest.mark.parametrize("function", [copied, made_contiguous, named_twice, written_last])
def test_what_is_written_is_read_by_every_name(function: Callable[..., torch.Tensor]) -> None:
    same(Of(function), (4, 6))


def part(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, 0].mul_(3)
    return y


def whole(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    flat = y.flatten(1)
    y.add_(1)
    return flat


def piece(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    first, second = y.split(2, 1)
    first.relu_()
    return second + y[:, :2]


@pytest.mark.parametrize("function", [part, whole, piece])
def test_a_view_of_what_is_written_is_told(function: Callable[..., torch.Tensor]) -> None:
    with pytest.raises(ModuleError, match="after a write into another one that shares its memory"):
        spec_of(Of(function), [torch.randn(2, 4, 6)])


class Counting(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.seen.add_(1)
        return x * self.seen


def test_a_buffer_that_is_written_is_told() -> None:
    with pytest.raises(ModuleError, match=r"`` .*add_.*: it writes into `seen`"):
        spec_of(Counting(), [torch.randn(2, 4)])
