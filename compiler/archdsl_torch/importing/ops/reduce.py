"""Reductions over the dimensions that a call names, or all."""

from __future__ import annotations

from typing import Any

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, alone, short
from archdsl_torch.importing.tracing import TracedCall


@rule("mean", "sum", "amax", "amin", "var", "std", "linalg_vector_norm")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    kind = OPS["norm" if call.name == "linalg_vector_norm" else call.name]
    taken = ("dim", "keepdim", "correction")
    alone(call, "self", "ord", "unbiased", *taken)
    fields: dict[str, Any] = {name: call.argument(name) for name in taken if name in kind.model_fields}
    if call.argument("unbiased") is False:
        fields["correction"] = 0
    if isinstance(fields["dim"], list):
        fields["dim"] = fields["dim"][0] if len(fields["dim"]) == 1 else fields["dim"] or None
    if call.argument("ord") is not None:
        fields["p"] = float(call.argument("ord"))
    return Said(kind.name, {"input": call.given[0]}, short(kind, fields))
