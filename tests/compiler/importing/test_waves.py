"""Formulas for tables of sines."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from archdsl_torch.importing.waves import waves
from tests.compiler.importing.support import same

FREQUENCIES = 10_000 ** (-torch.arange(4, dtype=torch.float64) / 4)
SLOWER = 100 ** (-torch.arange(4, dtype=torch.float64) / 3)
COUNT = torch.arange(12, dtype=torch.float64)


def turned(position: Tensor, frequencies: Tensor) -> list[Tensor]:
    angles = position[:, None] * frequencies
    return [angles.sin(), angles.cos()]


class Placed(nn.Module):
    def __init__(self, table: Tensor) -> None:
        super().__init__()
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table


HALVES = "sin(i * 10000 ** (-j / 4)) if j < 4 else sin(i * 10000 ** (-(j - 4) / 4) + pi / 2)"
TABLES = [
    (torch.cat(turned(COUNT, FREQUENCIES), 1), HALVES),
    (turned(COUNT, SLOWER)[0][None], "sin(j * 100 ** (-k / 3))"),
    (torch.cat([*turned(COUNT % 4, SLOWER), *turned(COUNT // 4, SLOWER)], 1), "if j < 8 else sin((i // 4) * 100"),
]
OTHERS = [torch.rand(12, 8), COUNT[:, None].sin() * FREQUENCIES, torch.arange(96).reshape(12, 8)]


@pytest.mark.parametrize(("table", "told"), TABLES, ids=["halves", "one", "cells"])
def test_a_table_is_a_formula_s(table: Tensor, told: str) -> None:
    found = waves(table.float(), "ijk")
    assert found is not None and told in found.text
    text = same(Placed(table.float().double()), tuple(table.shape[-2:]))
    assert told in " ".join(text.split())


@pytest.mark.parametrize(
    "table", [torch.rand(12, 8), COUNT[:, None].sin() * FREQUENCIES, torch.arange(96).reshape(12, 8)]
)
def test_another_is_none(table: Tensor) -> None:
    assert waves(table, "ij") is None
