"""Formulas for tables over the cells of grids."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import archdsl
from archdsl_torch.importing.gridded import gridded

COUNT = torch.arange(12)
SIDES = torch.stack(torch.meshgrid(torch.arange(3), torch.arange(4), indexing="ij")).flatten(1)
APART = SIDES[:, :, None] - SIDES[:, None, :]
SQUARE = torch.stack(torch.meshgrid(torch.arange(4), torch.arange(4), indexing="ij")).flatten(1)
WIDER = torch.stack(torch.meshgrid(2 * torch.arange(2), 2 * torch.arange(2), indexing="ij")).flatten(1)
HALVED = (WIDER[:, :, None] - SQUARE[:, None, :]).abs()
ODD = torch.stack(torch.meshgrid(torch.arange(5), torch.arange(5), indexing="ij")).flatten(1)
SECOND = torch.stack(torch.meshgrid(2 * torch.arange(3), 2 * torch.arange(3), indexing="ij")).flatten(1)
THINNED = (SECOND[:, :, None] - ODD[:, None, :]).abs()
TOKEN = torch.nn.functional.pad((SQUARE[:, :, None] - SQUARE[:, None, :] + 3).mul(torch.tensor([[[7]], [[1]]])).sum(0),
                                (1, 0, 1, 0), value=50)  # fmt: skip
LOGS = torch.sign(COUNT - 6) * torch.log2((COUNT - 6).abs() + 1) / 3


def _regions(height: int, width: int, window: int, shift: int) -> torch.Tensor:
    """-100 between the cells of shifted windows that come from opposite sides."""
    image = torch.zeros(height, width)
    cuts = (slice(0, -window), slice(-window, -shift), slice(-shift, None))
    for number, (rows, columns) in enumerate((rows, columns) for rows in cuts for columns in cuts):
        image[rows, columns] = number
    cells = image.reshape(height // window, window, width // window, window).transpose(1, 2).flatten(2).flatten(0, 1)
    return torch.where(cells[:, None] == cells[:, :, None], 0.0, -100.0)


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (torch.full((3, 4), 2.5), "2.5"),
        (COUNT * 3 + 1, "3 * i + 1"),
        (COUNT[:, None] - COUNT + 11, "i - j + 11"),
        (APART[0] * 7 + APART[1] + 5, "i % 4 + 7 * (i // 4) - (j % 4) - 7 * (j // 4) + 5"),
        (APART[0].abs() * 4 + APART[1].abs(), "abs(i % 4 - j % 4) + 4 * abs(i // 4 - j // 4)"),
        (HALVED[0] * 4 + HALVED[1], "abs(2 * (i % 2) - j % 4) + 4 * abs(2 * (i // 2) - j // 4)"),
        (torch.stack((APART[1], APART[0], (APART**2).sum(0)), -1).float()[None], "if l == 0"),
        ((APART[0] * 7 + APART[1]).flatten(), "(i // 12) % 4"),
        ((THINNED[0] * 5 + THINNED[1]).flatten(), "abs(2 * ((i // 25) % 3) - (i % 25) % 5)"),
        ((HALVED[0] * 4 + HALVED[1]).flatten(), "abs(2 * ((i // 16) % 2) - (i % 16) % 4)"),
        (torch.sign(APART[1]) * torch.log(APART[1].abs() + 1.0), "if i % 4 - j % 4 < "),
        (TOKEN, "50 if i == 0 else 50 if j == 0 else"),
        (_regions(8, 12, 4, 1), "-100 if (i // 3 == 1 and (j // 4 < 3) != (k // 4 < 3)) or"),
        (_regions(4, 12, 4, 2)[:, :, :], "i % 3 == 2"),
        (torch.stack(torch.broadcast_tensors(LOGS[:, None], LOGS), -1), "if k == 0 else"),
        (LOGS[:, None, None].expand(12, 3, 1), "if i < 6"),
        (7.0 * ((SIDES[0] < 2)[:, None] != (SIDES[0] < 2)), "7 if (i // 4 < 2) != (j // 4 < 2) else 0"),
        (torch.where((SIDES[1] < 3)[:, None] != (SIDES[1] < 3), 7, 1)[None], "7 if (j % 4 < 3) != (k % 4 < 3) else 1"),
        (torch.arange(300) // 100 != 1, "1 if i < 100 else 0 if i < 200 else 1"),
        (torch.tensor([3.25, -1.5, 8.0]), "3.25 if i == 0 else -1.5 if i == 1 else 8"),
    ],
)
def test_a_table_is_a_formula_s(table: torch.Tensor, told: str) -> None:
    found = gridded(table, "ijkl")
    assert found is not None
    assert told in found.text
    assert torch.equal(_computed(table, found.text), table)


def _computed(table: torch.Tensor, text: str) -> Any:
    """What a spec's constant of that formula is."""
    names = "ijkl"[: table.dim()]
    dtype = str(table.dtype).removeprefix("torch.")
    fields = {"op": "constant", "shape": [*table.shape], "index": [*names], "value": text, "dtype": dtype}
    nodes = {"table": fields, "sum": "= table + x"}
    spec = {"archdsl": 1, "name": "net", "inputs": {"x": {"shape": [1], "dtype": dtype}}, "nodes": nodes}
    return archdsl.build(spec)(torch.zeros(1, dtype=table.dtype))


def test_a_table_of_no_kind_has_none() -> None:
    assert gridded(torch.randn(20, 20), "ij") is None
