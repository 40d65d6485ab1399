"""Copies and conversions."""

from __future__ import annotations

from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, other_name
from archdsl_torch.importing.tracing import TracedCall


@rule("contiguous", "alias", "clone", "lift_fresh", "lift_fresh_copy", "to", "type_as")
def _(call: TracedCall) -> Said:
    """Its input, or a copy, where the kind of numbers stays."""
    if call.gives[0].dtype == call.given[0].dtype:
        return other_name(call.given[0])
    return Said("cast", {"input": call.given[0]}, {"dtype": call.gives[0].dtype})
