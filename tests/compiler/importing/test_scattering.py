"""Writes into places that stand apart: every few of them, by an index, where a mask is true."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from archdsl.ir.modules import ModuleError
from archdsl_torch import spec_of
from tests.compiler.importing.support import Of, same


def every_other(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, ::2] = 1
    y[..., 1:-1:3] += x[..., 1:-1:3]
    y[:, 1::2] = y[:, ::2].clone()
    return y


def interleaved(x: torch.Tensor) -> torch.Tensor:
    y = torch.zeros_like(x)
    y[..., ::2], y[..., 1::2] = -x[..., 1::2], x[..., ::2]
    return y


def indexed(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, [2, 0]] = x[:, 1:3]
    y[..., torch.tensor([1, -1, 3])] = 0.5
    y[..., [*range(0, 5, 2)]] *= 2
    y.transpose(1, 2)[:, [4]] = x[:, :, 0].unsqueeze(1)
    return y


def accumulated(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, [3, 1]] += x[:, :2]
    return y.transpose(0, 1).index_put((torch.tensor([0]),), x[:, 0])


def masked(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[x > 0] = 0.5
    y[x.sum(-1) < 0] = -1
    y[:, torch.tensor([True, False, True, False])] = 3
    return y


@pytest.mark.parametrize("function", [every_other, interleaved, indexed, accumulated, masked])
def test_a_write_into_places_apart_is_a_choice_of_them(function: Callable[..., torch.Tensor]) -> None:
    same(Of(function), (4, 6))


def twice(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, [1, 1]] = x[:, :2]
    return y


def chosen(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, x[0, :, 0].argsort()[:2]] = 1
    return y


def many(x: torch.Tensor) -> torch.Tensor:
    y = x.repeat(1, 9, 1)
    y[:, [*range(21)]] = 1
    return y


def added_up(x: torch.Tensor) -> torch.Tensor:
    return x.transpose(0, 1).index_put((torch.tensor([1, 1]),), x[:, 0], accumulate=True)


def crossed(x: torch.Tensor) -> torch.Tensor:
    y = x * 2
    y[:, [0, 1], [2, 3]] = 1
    return y


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (twice, "it writes into one place more than once"),
        (chosen, "where it writes is worked out as it runs"),
        (many, "it writes into 21 places of a size that is free"),
        (added_up, "it adds to what stands there"),
        (crossed, "it writes by several indices"),
    ],
)
def test_a_write_that_no_op_says_is_told(function: Callable[..., torch.Tensor], told: str) -> None:
    with pytest.raises(ModuleError, match=told):
        spec_of(Of(function), [torch.randn(2, 4, 6)])
