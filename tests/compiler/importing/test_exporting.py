"""Which sizes stay free: those that no branch of the module depends on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F

import archdsl
from tests.compiler.importing.support import Of


@pytest.mark.parametrize(
    ("function", "free"),
    [
        (lambda x: F.pad(x, (0, 0, 0, 1)) if x.shape[1] % 2 else x, "N"),
        (lambda x: x * 2 if x.shape[1] > 4 else x * 3, "N"),
        (lambda x: x * 2 if x.shape[1] < 12 else x * 3, "N"),
        (lambda x: x * 2 if x.shape[0] < 12 else x * 3, "T"),
        (lambda x: x * 2 if x.shape[0] < x.shape[1] else x * 3, ""),
        (lambda x: x * 2 if x.shape[2] < 12 else x * 3, "NT"),
        (lambda x: x.reshape(x.shape[0], 2, -1), "NT"),
        (lambda x: F.linear(x.flatten(1), torch.ones(5, 24)), "N"),
        (lambda x: x + torch.ones(8, 3), "N"),
        (lambda x: F.pad(x, (0, 0, 0, -x.shape[1] % 4)), "NT"),
        (lambda x: F.avg_pool1d(x.transpose(1, 2), 2), "NT"),
    ],
)
def test_a_size_that_decides_a_branch_is_fixed(function: Callable[..., Any], free: str) -> None:
    assert [*archdsl.from_module(Of(function), torch.randn(2, 8, 3)).sample_sizes] == [*free]


def test_sizes_that_are_compared_and_equal_are_one() -> None:
    module = Of(lambda x, y: x + y if x.shape == y.shape else x)
    assert [*archdsl.from_module(module, torch.randn(2, 8, 3), torch.randn(2, 8, 3)).sample_sizes] == ["N", "T"]
