"""Formulas for tables over the cells of grids: positions of windows to each other, one by the rows of another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce
from math import isqrt
from typing import Final, NamedTuple, TypeAlias

import torch
from torch import Tensor

Fit: TypeAlias = "Formula | None"
_STEPS: Final = 8
"""Runs of one number along a line, at most."""
_APART: Final = 4
"""Places along a dimension that may have a formula each, at most."""
_FEW: Final = 200
"""Numbers that a formula lists one by one, at most."""


class Index(NamedTuple):
    """An index, or a number that follows from one: how it is written, and its values along the table."""

    text: str
    values: Tensor
    """Of the table's rank, in 64 bits."""


class Formula(NamedTuple):
    text: str
    values: Tensor
    """What it gives, in 64 bits."""
    listed: bool = False
    """Whether it has every number by its place."""


def gridded(numbers: Tensor, names: Sequence[str]) -> Fit:
    """A formula over indices of these names that gives these numbers exactly; None where none of the kinds does."""
    wide = numbers.detach().to(torch.float64)
    indices = [Index(name, _along(torch.arange(size), place, wide.dim())) for place, (name, size) in
               enumerate(zip(names, wide.shape, strict=False))]  # fmt: skip
    return _fit(wide, indices)


def _fit(table: Tensor, indices: Sequence[Index]) -> Fit:
    for place, index in enumerate(indices):  # what makes no difference
        if table.shape[place] > 1 and torch.equal(table, table.narrow(place, 0, 1).expand(table.shape)):
            return _fit(table.narrow(place, 0, 1), [
                each._replace(values=each.values.narrow(place, 0, 1)) if each is index else each for each in indices
            ])  # fmt: skip
    for found in _kinds(table, indices):
        if found is not None and torch.equal(found.values.expand(table.shape), table):
            return found
    return None


def _kinds(table: Tensor, indices: Sequence[Index]) -> Iterator[Fit]:
    """Formulas to try, the shortest first."""
    wide = [place for place, size in enumerate(table.shape) if size > 1]
    if not wide:
        yield Formula(_number(table.flatten()[0].item()), table)
        return
    yield _linear(table, [(indices[place], place, 1) for place in wide])
    if len(wide) == 1:
        yield from _unrolled(table, indices, wide[0])
        yield _stepped(table, indices[wide[0]])
    if len(wide) == 2:
        yield from _sided(table, *(indices[place] for place in wide))
        yield from _over_cells(table, indices, wide[0], wide[1])
    if len(wide) == 3:
        yield from _shifted(table, [indices[place] for place in wide])
    yield from (_apart(table, indices, place) for place in wide[::-1] if table.shape[place] <= _APART)
    yield from (_first_apart(table, indices, place) for place in wide)
    if table.numel() <= _FEW:
        yield _listed(table, indices, wide)


Term: TypeAlias = "tuple[Index, int, int]"
"""What is multiplied, with the dimension and the number of steps along it to where it is 1 and the others are 0."""


def _linear(table: Tensor, terms: Sequence[Term]) -> Formula:
    """A sum of multiples, read from where each term alone is 1."""
    start = table.flatten()[0]
    text, values = [], torch.full_like(table, start.item())
    for index, place, steps in terms:
        factor = (table.narrow(place, steps, 1).flatten()[0] - start).item() if steps < table.shape[place] else 0.0
        if factor:
            values = values + index.values * factor
            times = {1.0: "", -1.0: "-"}.get(factor, f"{_number(factor)} * ")
            text.append(times + (_factor(index.text) if times else index.text))
    if start or not text:
        text.append(_number(start.item()))
    return Formula(" + ".join(text).replace("+ -", "- "), values)


def _over_cells(table: Tensor, indices: Sequence[Index], left: int, right: int) -> Iterator[Fit]:
    """Over the rows and columns of the cells that two indices count, and over how far these are apart."""
    one, two = indices[left], indices[right]
    for across in _divisors(table.shape[right]):
        here = _cell(two, across)
        for ratio in (1, 2):
            fewer = -(-across // ratio)
            if fewer < 2 or table.shape[left] % fewer:
                continue
            there = _cell(one, fewer)
            if ratio == 1:
                yield _linear(table, [(there[1], left, 1), (there[0], left, across), (here[1], right, 1),
                                      (here[0], right, across)])  # fmt: skip
                yield from (_by_distance(table, *pair) for pair in zip(there, here, strict=True) if across <= _FEW)
            for kind in ("abs({})", "({}) ** 2"):
                yield _linear(table, [(_distance(there[1], here[1], ratio, kind), right, 1),
                                      (_distance(there[0], here[0], ratio, kind), right, across)])  # fmt: skip


def _unrolled(table: Tensor, indices: Sequence[Index], place: int) -> Iterator[Fit]:
    """A table that is written out along one dimension: a square one, or of all cells by every second row and column."""
    index, size = indices[place], table.shape[place]
    side = isqrt(size)
    if side < 2 or side * side != size or not index.text.isidentifier():
        return
    halved = [(half * half, across * across) for across in range(3, side) if (half := -(-across // 2)) * across == side]
    for rows, columns in ((side, side), *halved):
        cells = [_along(torch.arange(count), at, 2) for at, count in enumerate((rows, columns))]
        pair = [Index(f"{index.text} {sign} {columns}", each) for sign, each in zip(("//", "%"), cells, strict=True)]
        found = _fit(table.reshape(rows, columns), pair)
        if found is not None and not found.listed:
            yield Formula(found.text, found.values.expand(rows, columns).reshape(table.shape))


def _stepped(table: Tensor, index: Index) -> Fit:
    """Few runs of one number each along a line."""
    line = table.flatten()
    ends = [int(each) + 1 for each in (line[1:] != line[:-1]).nonzero()]
    if not 0 < len(ends) < _STEPS or len(line) < 2 * _STEPS:
        return None
    text = "".join(f"{_number(line[end - 1].item())} if {index.text} < {end} else " for end in ends)
    return Formula(text + _number(line[-1].item()), table)


def _sided(table: Tensor, one: Index, two: Index) -> Iterator[Fit]:
    """One of two numbers: whether a border lies between two places, or between the rows or columns of two cells."""
    flat = table.reshape(one.values.numel(), two.values.numel())
    others = flat[flat != flat[0, 0]]
    if flat.shape[0] != flat.shape[1] or not len(others):
        return
    for across in _divisors(len(flat)):
        for left, right in zip(_cell(one, across), _cell(two, across), strict=True):
            border = int(left.values.flatten()[_border(flat[:, 0])])
            apart = (left.values < border) != (right.values < border)
            text = f"({left.text} < {border}) != ({right.text} < {border})"
            yield Formula(f"{_number(others[0].item())} if {text} else {_number(flat[0, 0].item())}",
                          torch.where(apart, others[0], flat[0, 0]))  # fmt: skip


def _shifted(table: Tensor, indices: Sequence[Index]) -> Iterator[Fit]:
    """One of two numbers: whether two cells of a window that is shifted over the edge come from opposite sides."""
    window, one, two = indices
    flat = table.reshape([each.values.numel() for each in indices])
    side = isqrt(flat.shape[1])
    same, others = flat[0, 0, 0], table[table != flat[0, 0, 0]]
    if side < 2 or flat.shape[1:] != (side**2, side**2) or not len(others):
        return
    for across in (1, *_divisors(len(flat)), len(flat)):
        borders = _border(flat[len(flat) - across, ::side, 0]), _border(flat[across - 1, :side, 0])
        lasts = len(flat) // across - 1, across - 1
        parts = [
            _opposite(where, last, *cells, border)
            for where, last, cells, border in zip(
                _cell(window, across), lasts, zip(_cell(one, side), _cell(two, side), strict=True), borders, strict=True
            )
            if border
        ]
        if parts:
            text = " or ".join(each.text for each in parts)
            apart = reduce(torch.maximum, (each.values for each in parts)) > 0
            yield Formula(f"{_number(others[0].item())} if {text} else {_number(same.item())}",
                          torch.where(apart, others[0], same))  # fmt: skip


def _border(line: Tensor) -> int:
    """The first place with another number; 0 where there is none."""
    return int((line != line[0]).to(torch.uint8).argmax())


def _opposite(window: Index, last: int, one: Index, two: Index, border: int) -> Formula:
    text = f"({window.text} == {last} and ({one.text} < {border}) != ({two.text} < {border}))"
    return Formula(text, ((window.values == last) & ((one.values < border) != (two.values < border))).double())


def _by_distance(table: Tensor, one: Index, two: Index) -> Formula:
    """A number for each signed distance between two places."""
    apart = (one.values - two.values).expand(table.shape)
    first, last = int(apart.min()), int(apart.max())
    numbers = {int(each): number for each, number in zip(apart.flatten(), table.flatten().tolist(), strict=True)}
    listed = [numbers.get(each, 0.0) for each in range(first, last + 1)]
    values = torch.tensor(listed, dtype=torch.float64)[(apart - first).long()]
    return Formula(_halves(listed, first, f"{one.text} - {two.text}"), values)


def _cell(index: Index, across: int) -> tuple[Index, Index]:
    """The row and the column of a cell, where there are so many in a row."""
    text = index.text if index.text.isidentifier() else f"({index.text})"
    row = Index(f"{text} // {across}", torch.floor_divide(index.values, across))
    return row, Index(f"{text} % {across}", torch.remainder(index.values, across))


def _distance(left: Index, right: Index, ratio: int, kind: str) -> Index:
    text = left.text if ratio == 1 else f"{ratio} * ({left.text})"
    apart = left.values * ratio - right.values
    values = apart.abs() if kind.startswith("abs") else apart**2
    return Index(kind.format(f"{text} - {right.text}"), values)


def _apart(table: Tensor, indices: Sequence[Index], place: int) -> Fit:
    """A formula for each place along a dimension."""
    found: list[Formula] = []
    for number in range(table.shape[place]):
        fit = _fit(table.narrow(place, number, 1), _cut(indices, place, number, 1))
        if fit is None:
            return None
        found.append(fit._replace(values=fit.values.expand(table.narrow(place, 0, 1).shape)))
    conditions = [
        f"{_chosen(each.text)} if {indices[place].text} == {number} else " for number, each in enumerate(found[:-1])
    ]
    return Formula("".join(conditions) + found[-1].text, torch.cat([each.values for each in found], place))


def _first_apart(table: Tensor, indices: Sequence[Index], place: int) -> Fit:
    """A formula for the first place along a dimension, and one for the others."""
    size = table.shape[place]
    if size <= _APART or not indices[place].text.isidentifier():
        return None
    first = _fit(table.narrow(place, 0, 1), _cut(indices, place, 0, 1))
    if first is None:
        return None
    index = indices[place]
    shifted = Index(f"{index.text} - 1", index.values.narrow(place, 1, size - 1) - 1)
    rest = _fit(table.narrow(place, 1, size - 1), [
        shifted if each is index else each for each in indices
    ])  # fmt: skip
    if rest is None or rest.listed:
        return None
    parts = (
        first.values.expand(table.narrow(place, 0, 1).shape),
        rest.values.expand(table.narrow(place, 1, size - 1).shape),
    )
    return Formula(f"{_chosen(first.text)} if {index.text} == 0 else {rest.text}", torch.cat(parts, place))


def _cut(indices: Sequence[Index], place: int, start: int, size: int) -> list[Index]:
    """The indices over a part of the table."""
    return [
        each._replace(values=each.values.narrow(place, start, size)) if number == place else each
        for number, each in enumerate(indices)
    ]


def _listed(table: Tensor, indices: Sequence[Index], wide: Sequence[int]) -> Formula:
    """Every number, by its place: found by halves."""
    parts, stride = [], 1
    for place in wide[::-1]:
        parts.append(indices[place].text if stride == 1 else f"{stride} * {_factor(indices[place].text)}")
        stride *= table.shape[place]
    return Formula(_halves(table.flatten().tolist(), 0, " + ".join(parts[::-1])), table, listed=True)


def _halves(values: Sequence[float], start: int, where: str) -> str:
    if len({*values}) == 1:
        return _number(values[0])
    half = len(values) // 2
    left, right = _halves(values[:half], start, where), _halves(values[half:], start + half, where)
    return f"{_chosen(left)} if {where} < {start + half} else {right}"


def _chosen(text: str) -> str:
    """A formula before the `if` of another."""
    return f"({text})" if " if " in text else text


def _along(values: Tensor, place: int, rank: int) -> Tensor:
    return values.to(torch.float64).reshape([-1 if at == place else 1 for at in range(rank)])


def _divisors(size: int) -> list[int]:
    """Those between 1 and the size, nearest to its root first."""
    found = [each for each in range(2, size) if size % each == 0]
    return sorted(found, key=lambda each: abs(each * each - size))


def _factor(text: str) -> str:
    return text if text.isidentifier() or text.startswith("abs(") else f"({text})"


def _number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
