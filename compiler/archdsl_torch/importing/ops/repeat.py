"""The same numbers several times."""

from __future__ import annotations

from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Steps, between, other_name
from archdsl_torch.importing.tracing import TracedCall


@rule("copy")
def _(call: TracedCall) -> Said | Steps:
    """What is written over a tensor, in its kind of numbers and its shape."""
    written, source = call.gives[0], call.argument("src")
    steps: Steps = []
    if source.dtype != written.dtype:
        steps.append((Said("cast", {"input": source}, {"dtype": written.dtype}), between(source, dtype=written.dtype)))
        source = steps[-1][1]
    if source.shape == written.shape:
        return [(steps[0][0], written)] if steps else other_name(call.argument("src"))
    return [*steps, (Said("expand", {"input": source}, {"size": [*written.shape]}), written)]


@rule("meshgrid")
def _(call: TracedCall) -> Steps:
    """Each along a dimension of its own."""
    sources, swapped = call.given[0], call.argument("indexing") == "xy"
    steps: Steps = []
    for number, (source, result) in enumerate(zip(sources, call.gives, strict=True)):
        place = 1 - number if swapped and number < 2 else number
        size = source.shape[0] if source.shape else 1
        shape = [size if at == place else 1 for at in range(len(sources))]
        along = between(source, shape)
        steps.append((Said("reshape", {"input": source}, {"shape": shape}), along))
        steps.append((Said("expand", {"input": along}, {"size": [*result.shape]}), result))
    return steps


@rule("expand_as")
def _(call: TracedCall) -> Said:
    return Said("expand", {"input": call.given[0]}, {"size": [*call.given[1].shape]})
