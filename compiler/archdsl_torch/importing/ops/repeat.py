"""The same numbers several times."""

from __future__ import annotations

from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said
from archdsl_torch.importing.tracing import TracedCall


@rule("expand_as")
def _(call: TracedCall) -> Said:
    return Said("expand", {"input": call.given[0]}, {"size": [*call.given[1].shape]})
