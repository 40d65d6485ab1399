"""Formulas whose operands may differ in size when the model runs.

torch broadcasts a size of 1 silently, so a dimension that the spec takes for another one is compared.
"""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Node
from archdsl.ops.rules import Pair, compared
from archdsl.ops.special import Formula
from archdsl_torch.lowering.text import distinct
from archdsl_torch.planning.merge import MergedStep


def unproved(step: MergedStep) -> list[Pair]:
    """The sizes of a formula's operands that must be equal and that only the run can compare."""
    return list({pair: None for one in distinct(step.steps) if one is not None for pair in _pairs(one.unit)})


def _pairs(unit: object) -> Iterator[Pair]:
    if isinstance(unit, Node) and isinstance(unit.op, Formula):
        yield from compared([value.type.shape for value in unit.inputs if value is not None])
