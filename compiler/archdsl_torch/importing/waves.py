"""Formulas for tables of sines: positions of rows, or of the rows and columns of cells, at falling frequencies."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

_BASES: Final = (10_000, 100, 1_000, 100_000)
_BLOCKS: Final = (1, 2, 4)
"""Stretches of columns that may have a sine or cosine each."""
_CLOSE: Final = 1e-5


class Wave(NamedTuple):
    """A formula, and what it gives in 64 bits."""

    text: str
    values: Tensor


def waves(numbers: Tensor, names: Sequence[str]) -> Wave | None:
    """A formula over indices of these names whose numbers are nearly these, of rows and columns; None where none is."""
    wide = [place for place, size in enumerate(numbers.shape) if size > 1]
    if len(wide) != 2 or not numbers.is_floating_point():
        return None
    table = numbers.detach().to(torch.float64).reshape([numbers.shape[place] for place in wide])
    row, column = (names[place] for place in wide)
    for count in _BLOCKS:
        if table.shape[1] % count == 0 and table.shape[1] >= 2 * count:
            width = table.shape[1] // count
            starts = range(0, table.shape[1], width)
            found = [_wave(table.narrow(1, start, width), row, column, start) for start in starts]
            known = [each for each in found if each is not None]
            if len(known) == count:
                ends = [f"{each.text} if {column} < {(at + 1) * width} else " for at, each in enumerate(known[:-1])]
                values = torch.cat([each.values for each in known], 1).reshape(numbers.shape)
                return Wave("".join(ends) + known[-1].text, values)
    return None


def _wave(table: Tensor, row: str, column: str, start: int) -> Wave | None:
    """A sine, or a cosine, of a position times each column's frequency, of which the first is 1."""
    size, width = table.shape
    shift = "" if abs(table[0, 0]) < _CLOSE else " + pi / 2"
    phase = math.pi / 2 if shift else 0.0
    place = f"({column} - {start})" if start else column
    for text, position in _positions(row, size):
        if not torch.allclose(torch.sin(position + phase), table[:, 0], rtol=0, atol=_CLOSE):
            continue
        for base in _BASES:
            for steps in (width - 1, width):
                powers = torch.arange(width, dtype=torch.float64)
                values = torch.sin(position[:, None] * base ** (-powers / steps) + phase)
                if torch.allclose(values, table, rtol=0, atol=_CLOSE):
                    return Wave(f"sin({text} * {base} ** (-{place} / {steps}){shift})", values)
    return None


def _positions(row: str, size: int) -> Iterator[tuple[str, Tensor]]:
    """What a row may count, the cells of a grid of each form among them."""
    count = torch.arange(size, dtype=torch.float64)
    yield row, count
    for across in range(2, size):
        if size % across == 0:
            yield f"({row} % {across})", torch.remainder(count, across)
            yield f"({row} // {across})", torch.floor_divide(count, across)
