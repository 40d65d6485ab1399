"""Which calls may stand inside the one that reads them."""

from __future__ import annotations

from typing import Final

from archdsl.ir.graph import Scope
from archdsl_torch.lowering.text import all_same, distinct, is_static
from archdsl_torch.lowering.walking import leaves, uses
from archdsl_torch.planning.broadcasts import unproved
from archdsl_torch.planning.merge import MergedStep
from archdsl_torch.planning.outline import Ref

NESTING: Final = 4
"""Calls in one line, at most."""
LONGEST: Final = 44
"""Letters that are nested in another call, at most."""


def needs_sizes(step: MergedStep) -> bool:
    """Whether a value in the step's code is no literal, so that its inputs' sizes may be read."""
    if isinstance(step.some.unit, Scope) or not step.codes:
        return False
    columns = zip(*([leaf.value for leaf in leaves(code)] for code in distinct(step.codes)), strict=True)
    return bool(unproved(step)) or any(not is_static(column) or not all_same(column) for column in columns)


def reads_once(step: MergedStep, ref: Ref) -> bool:
    """Whether the step's text names an input once, so that a call can stand there."""
    if isinstance(step.some.unit, Scope) or not step.codes:
        return True
    return uses(step.codes[0], step.inputs.index(ref)) == 1
