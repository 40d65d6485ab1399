"""Other shapes of the same numbers."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import called, inverse, plain, rule
from archdsl_torch.importing.said import Said, Steps, between, other_name
from archdsl_torch.importing.tracing import TracedCall, TracedTensor

called("view", "reshape", size="shape")


@rule("unflatten")
def _(call: TracedCall) -> Said:
    return plain(call, OPS["unflatten"], {"sizes": "unflattened_size"})


@rule("squeeze")
def _(call: TracedCall) -> Said:
    """Only of dimensions that are 1 in the trace: a free size is another there."""
    source, result = call.given[0], call.gives[0]
    if source.shape == result.shape:
        return other_name(source)
    if isinstance(call.argument("dim"), int):
        return Said("squeeze", {"input": source}, {"dim": call.argument("dim")})
    return Said("reshape", {"input": source}, {"shape": [*result.shape]})


@rule("transpose", "t", "swapaxes", "swapdims", "mT", "numpy_T")
def _(call: TracedCall) -> Said:
    rank = len(call.given[0].shape)
    if call.name == "numpy_T" and rank != 2:
        return Said("permute", {"input": call.given[0]}, {"dims": [*range(rank)][::-1]})
    places = call.given[1:3] or (-2, -1)
    return Said("transpose", {"input": call.given[0]}, dict(zip(("dim0", "dim1"), places, strict=True)))


@rule("reshape_as", "view_as")
def _(call: TracedCall) -> Said:
    return Said("reshape", {"input": call.given[0]}, {"shape": [*call.given[1].shape]})


@inverse("view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    return [(Said("reshape", {"input": part}, {"shape": [*whole.shape]}), between(whole))]


@inverse("transpose", "t", "swapaxes", "swapdims")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    places = (0, 1) if call.name == "t" else call.given[1:3]
    fields = dict(zip(("dim0", "dim1"), places, strict=True))
    return [(Said("transpose", {"input": part}, fields), between(whole))]


@inverse("permute")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    dims = [dim % len(whole.shape) for dim in call.argument("dims")]
    back = sorted(range(len(dims)), key=dims.__getitem__)
    return [(Said("permute", {"input": part}, {"dims": back}), between(whole))]
