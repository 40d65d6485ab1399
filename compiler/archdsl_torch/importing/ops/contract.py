"""Products of matrices with a sum, and weights that are a direction with a length."""

from __future__ import annotations

from archdsl_torch.importing.rules import called, rule
from archdsl_torch.importing.said import Said, Steps, between, number
from archdsl_torch.importing.tracing import TracedCall

called("mm", "matmul")


@rule("addmm", "baddbmm")
def _(call: TracedCall) -> Steps:
    shift, left, right = call.given[:3]
    product = between(call.gives[0])
    terms = [_times("{0}", call.argument("beta")), _times("{1}", call.argument("alpha"))]
    return [
        (Said("matmul", {"input": left, "other": right}), product),
        (Said(None, [shift, product], formula=" + ".join(terms)), call.gives[0]),
    ]


def _times(operand: str, factor: float) -> str:
    return operand if factor == 1 else f"{number(factor)} * {operand}"


@rule("_weight_norm")
def _(call: TracedCall) -> Steps:
    direction, length, dim = call.given
    others = [place for place in range(len(direction.shape)) if place != dim]
    size = between(length)
    return [
        (Said("norm", {"input": direction}, {"dim": others, "keepdim": True}), size),
        (Said(None, [direction, length, size], formula="{0} * ({1} / {2})"), call.gives[0]),
    ]
