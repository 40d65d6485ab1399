"""Dropout."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Unsaid, short
from archdsl_torch.importing.tracing import TracedCall


@rule("stochastic_depth")
def _(call: TracedCall) -> Said:
    """What is written for the calls that drop a branch."""
    kind = OPS["stochastic_depth"]
    return Said(kind.name, {"input": call.given[0]}, short(kind, {n: call.argument(n) for n in ("p", "mode")}))


@rule("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    if call.argument("train"):
        raise Unsaid("it drops in evaluation mode, too")
    kind = OPS["dropout2d" if call.name == "feature_dropout" else call.name]
    return Said(kind.name, {"input": call.given[0]}, short(kind, {"p": call.argument("p")}))
