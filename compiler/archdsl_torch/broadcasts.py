"""Formulas whose operands may differ in size when the model runs.

torch broadcasts a size of 1 silently, so a dimension that the spec takes for another one is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from archdsl.graph import Node
from archdsl.ops.special import Formula
from archdsl_torch.merge import MergedStep


class Pair(NamedTuple):
    """Two operands, and a dimension of both that is counted from the end."""

    first: int
    second: int
    axis: int


def unproved(step: MergedStep) -> list[Pair]:
    """The sizes of a formula's operands that must be equal and that only the run can compare."""
    found = {pair: None for one in step.steps if one is not None for pair in _pairs(one.unit)}
    return list(found)


def _pairs(unit: object) -> Iterator[Pair]:
    if not isinstance(unit, Node) or not isinstance(unit.op, Formula):
        return
    shapes = [value.type.shape for value in unit.inputs if value is not None]
    for axis in range(1, max(len(shape) for shape in shapes) + 1):
        wide = [(i, shape[-axis]) for i, shape in enumerate(shapes) if len(shape) >= axis and shape[-axis] != 1]
        for i, size in wide[1:]:
            if size != wide[0][1]:
                yield Pair(wide[0][0], i, -axis)
