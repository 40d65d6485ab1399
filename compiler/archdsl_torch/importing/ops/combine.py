"""Tensors put together."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, other_name, short
from archdsl_torch.importing.tracing import TracedCall


@rule("cat", "concat", "concatenate")
def _(call: TracedCall) -> Said:
    """Those without elements, which the language does not have, are left out."""
    parts = [each for each in call.given[0] if 0 not in each.shape]
    if len(parts) == 1:
        return other_name(parts[0])
    return Said("cat", parts or [*call.given[0]], short(OPS["cat"], {"dim": call.argument("dim")}))
