"""Reductions over the dimensions that a call names, or all."""

from __future__ import annotations

from typing import Any

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Steps, alone, between, short
from archdsl_torch.importing.sizes import plus
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


@rule("cumsum", "cumprod")
def _(call: TracedCall) -> Said | Steps:
    """Counted in the numbers of a kind that the call may name."""
    kind, source, result = OPS[call.name], call.given[0], call.gives[0]
    fields = short(kind, {"dim": call.argument("dim")})
    if source.dtype == result.dtype or (source.dtype == "bool" and result.dtype == "int64"):
        return Said(kind.name, {"input": source}, fields)
    counted = between(source, dtype=result.dtype)
    return [
        (Said("cast", {"input": source}, {"dtype": result.dtype}), counted),
        (Said(kind.name, {"input": counted}, fields), result),
    ]


@rule("diff")
def _(call: TracedCall) -> Steps:
    """What comes after less what came before. Raises Unsaid."""
    alone(call, "self", "dim", "prepend")
    source, dim, result = call.given[0], call.argument("dim"), call.gives[0]
    before = call.argument("prepend")
    steps: Steps = []
    if before is not None:
        source = between(result, [*result.shape[:dim], plus(result.shape[dim], 1), *result.shape[dim:][1:]])
        steps.append((Said("cat", [before, call.given[0]], {"dim": dim}), source))
    parts = [between(result), between(result)]
    for part, fields in zip(parts, ({"start": 1}, {"end": -1}), strict=True):
        steps.append((Said("slice", {"input": source}, {"dim": dim, **fields}), part))
    return [*steps, (Said(None, parts, formula="{0} - {1}"), result)]
