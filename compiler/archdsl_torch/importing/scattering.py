"""A whole with other values at places that stand apart: each place is picked, of the whole or of what is written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch

from archdsl.ops import OPS
from archdsl_torch.importing.fitting import fitted
from archdsl_torch.importing.said import Said, Steps, Unsaid, between, constant, number, short
from archdsl_torch.importing.sizes import TracedSize, plus
from archdsl_torch.importing.tracing import TracedTensor

_MOST: Final = 20
"""Places of a size that is free, each a condition of a formula."""


def every_few(
    whole: TracedTensor, part: TracedTensor, dim: int, start: TracedSize, end: TracedSize, step: int
) -> Steps:
    """The part at every few of the places from `start` to `end`."""
    size = whole.shape[dim]
    counted = "i" if start == 0 else f"(i - {number(start)})"
    conditions = [f"i >= {start}"] * (start != 0) + [f"i < {end}"] * (end != size) + [f"{counted} % {step} == 0"]
    picked = f"{size} + {counted} // {step} if {' and '.join(conditions)} else i"
    table = between(whole, [size], "int64")
    return _picked(whole, part, dim, constant(table, picked), table, between(whole))


def at_places(whole: TracedTensor, part: TracedTensor, index: TracedTensor, dim: int, result: TracedTensor) -> Steps:
    """The part at the places of an index whose numbers are known. Raises Unsaid."""
    if index.numbers is None:
        raise Unsaid("where it writes is worked out as it runs")
    if index.numbers.dim() != 1:
        raise Unsaid(f"it writes by an index of {index.numbers.dim()} dimensions")
    places = index.numbers.tolist()
    if len({*places}) < len(places):
        raise Unsaid("it writes into one place more than once")
    table = between(whole, [whole.shape[dim]], "int64")
    chosen = [*whole.shape[:dim], len(places), *whole.shape[dim + 1 :]]
    before: Steps = []
    if [*part.shape] != chosen:
        before.append((Said("expand", {"input": part}, {"size": chosen}), between(part, chosen)))
        part = before[0][1]
    return [*before, *_picked(whole, part, dim, _rows(table, places), table, result)]


def _rows(table: TracedTensor, places: Sequence[int]) -> Said:
    """Its own row for each place, but for these: those behind all of them, in turn. Raises Unsaid."""
    (size,) = table.shape
    if isinstance(size, int):
        rows = torch.arange(size)
        rows[[*places]] = torch.arange(size, size + len(places))
        return fitted(table, rows)
    if len(places) > _MOST:
        raise Unsaid(f"it writes into {len(places)} places of a size that is free")
    text = "i"
    for row, place in enumerate(places):  # of those that are one, the last counts
        text = f"{plus(size, row)} if i == {plus(size, place) if place < 0 else place} else {text}"
    return constant(table, text)


def where_true(whole: TracedTensor, value: TracedTensor, mask: TracedTensor, dim: int, result: TracedTensor) -> Steps:
    """A value where a mask of some of the dimensions, the first of which is `dim`, is true. Raises Unsaid."""
    behind = len(whole.shape) - dim - len(mask.shape)
    if len(value.shape) > behind and any(size != 1 for size in value.shape):
        raise Unsaid("how much it writes depends on the data")
    steps: Steps = []
    if behind:
        shape = [*mask.shape, *(1,) * behind]
        steps.append((Said("reshape", {"input": mask}, {"shape": shape}), between(mask, shape)))
        mask = steps[-1][1]
    if value.numbers is not None and not value.shape:
        chosen = Said(None, [mask, whole], formula=f"{number(value.numbers.item())} if {{0}} else {{1}}")
    else:
        chosen = Said(None, [mask, value, whole], formula="{1} if {0} else {2}")
    return [*steps, (chosen, result)]


def _picked(
    whole: TracedTensor, part: TracedTensor, dim: int, rows: Said, table: TracedTensor, result: TracedTensor
) -> Steps:
    """Places of the whole, behind which the part stands."""
    joined = between(whole, [*whole.shape[:dim], plus(whole.shape[dim], part.shape[dim]), *whole.shape[dim + 1 :]])
    fields: dict[str, Any] = short(OPS["index"], {"dim": dim})
    return [
        (rows, table),
        (Said("cat", [whole, part], {"dim": dim}), joined),
        (Said("index", {"input": joined, "index": table}, fields), result),
    ]
