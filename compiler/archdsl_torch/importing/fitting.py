"""A formula over the indices that gives given numbers, to the bit: for tensors that stand in no `state_dict`."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any, Final

import torch

from archdsl_torch.importing.gridded import gridded
from archdsl_torch.importing.said import INDICES, Said, Unsaid, constant
from archdsl_torch.importing.tracing import TracedTensor
from archdsl_torch.importing.waves import waves

_COMPARED: Final = {"<": torch.lt, "<=": torch.le, "==": torch.eq, ">": torch.gt, ">=": torch.ge, "!=": torch.ne}


def fitted(tensor: TracedTensor, numbers: torch.Tensor) -> Said:
    """The constant that has these numbers. Raises Unsaid."""
    for text, found in _candidates(numbers.detach()):
        if torch.equal(found.to(numbers.dtype).expand(numbers.shape), numbers):
            return constant(tensor, text)
    table = None if numbers.is_complex() or not numbers.numel() else gridded(numbers, INDICES)
    if table is not None:
        return constant(tensor, table.text)
    raise Unsaid(f"it reads `{tensor.owned}`, whose {numbers.numel()} numbers are in no `state_dict` and no formula's")


def _candidates(numbers: torch.Tensor) -> Iterator[tuple[Any, torch.Tensor]]:
    """Formulas, each with what it gives in 64 bits."""
    if numbers.numel() == 0:
        return
    first = numbers.flatten()[0]
    yield first.item(), first.to(torch.float64)
    if numbers.dim() == 0 or numbers.is_complex():
        return
    yield _affine(numbers)
    yield from _cycles(numbers)
    if (found := waves(numbers, INDICES)) is not None:
        yield found
    values = torch.tensor(sorted({*numbers.flatten().tolist()}), dtype=torch.float64)
    if len(values) == 2:
        for left, right in combinations(range(numbers.dim()), 2):
            yield from _compared(numbers, left, right, values)


def _affine(numbers: torch.Tensor) -> tuple[str, torch.Tensor]:
    """A sum of multiples of the indices."""
    wide = numbers.to(torch.float64)
    start = wide.flatten()[0]
    text, found = [], torch.full_like(wide, start.item())
    for place, size in enumerate(wide.shape):
        step = (wide.movedim(place, 0).flatten(1)[1, 0] if wide.dim() > 1 else wide[1]) - start if size > 1 else 0.0
        if step:
            found = found + _index(wide, place) * step
            text.append(INDICES[place] if step == 1 else f"{_number(float(step))} * {INDICES[place]}")
    if start or not text:
        text.insert(0, _number(start.item()))
    return " + ".join(text), found


def _cycles(numbers: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """Along one dimension, whole multiples of how often `k` places have passed, or of the place among them."""
    if numbers.dim() != 1 or len(numbers) < 2:
        return
    wide, index = numbers.to(torch.float64), torch.arange(len(numbers), dtype=torch.float64)
    changes = (wide[1:] != wide[:-1]).nonzero().flatten()
    backs = (wide[1:] < wide[:-1]).nonzero().flatten()
    for spots, text, made in ((changes, "i // {}", torch.floor_divide), (backs, "i % {}", torch.remainder)):
        if len(spots):
            cycle = int(spots[0]) + 1
            yield text.format(cycle), made(index, cycle)


def _compared(numbers: torch.Tensor, left: int, right: int, values: torch.Tensor) -> Iterator[tuple[str, torch.Tensor]]:
    """One of two numbers, as two indices compare."""
    rows, columns = _index(numbers, left), _index(numbers, right)
    low, high = (each.item() for each in values)
    for sign, holds in _COMPARED.items():
        text = f"{_number(high)} if {INDICES[left]} {sign} {INDICES[right]} else {_number(low)}"
        yield text, torch.where(holds(rows, columns), values[1], values[0])


def _index(numbers: torch.Tensor, place: int) -> torch.Tensor:
    shape = [size if at == place else 1 for at, size in enumerate(numbers.shape)]
    return torch.arange(numbers.shape[place], dtype=torch.float64).reshape(shape)


def _number(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
    return str(int(value)) if whole else repr(value)
