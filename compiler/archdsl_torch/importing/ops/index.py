"""Elements by an index or a condition that is a tensor."""

from __future__ import annotations

from archdsl.ops import OPS
from archdsl_torch.importing.rules import rule
from archdsl_torch.importing.said import Said, Steps, Unsaid, between, number, short
from archdsl_torch.importing.scattering import at_places, where_true
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


@rule("index")
def _(call: TracedCall) -> Said | Steps:
    """Raises Unsaid."""
    source, indices = call.given
    places = [place for place, each in enumerate(indices) if each is not None]
    found = [indices[place] for place in places]
    if any(each.dtype in ("bool", "uint8") for each in found):
        raise Unsaid("how much it picks depends on the data: write `where` or `masked_fill`")
    if places != [*range(places[0], places[0] + len(places))]:
        raise Unsaid("its indices stand apart")
    if len(found) > 1:
        return _together(call, source, found, places[0])
    if found[0].shape:
        return _along(source, found[0], places[0])
    flat, picked = between(found[0], [1]), between(source)
    return [
        (Said("reshape", {"input": found[0]}, {"shape": [1]}), flat),
        (_along(source, flat, places[0]), picked),
        (Said("reshape", {"input": picked}, {"shape": [*call.gives[0].shape]}), call.gives[0]),
    ]


def _along(source: TracedTensor, index: TracedTensor, dim: int) -> Said:
    return Said("index", {"input": source, "index": index}, short(OPS["index"], {"dim": dim}))


def _together(call: TracedCall, source: TracedTensor, indices: list[TracedTensor], dim: int) -> Steps:
    """Of several dimensions that stand beside one another: by the number of the place in all of them."""
    sizes = source.shape[dim : dim + len(indices)]
    joined = between(source, (*source.shape[:dim], -1, *source.shape[dim + len(indices) :]))
    rank = len(call.gives[0].shape) - len(source.shape) + len(indices)
    where = between(call.gives[0], call.gives[0].shape[dim : dim + rank], "int64")
    text = "{0} % " + number(sizes[0])
    for place, size in enumerate(sizes[1:], 1):
        text = f"({text}) * {number(size)} + {{{place}}} % {number(size)}"
    return [
        (Said("reshape", {"input": source}, {"shape": [*joined.shape]}), joined),
        (Said(None, indices, formula=text), where),
        (_along(joined, where, dim), call.gives[0]),
    ]


@rule("index_put")
def _(call: TracedCall) -> Steps:
    """Raises Unsaid."""
    whole, indices, value, accumulate = call.given
    (result,) = call.gives
    found = [(dim, each) for dim, each in enumerate(indices) if each is not None]
    if accumulate:
        raise Unsaid("it adds to what stands there")
    if len(found) > 1:
        raise Unsaid("it writes by several indices")
    ((dim, index),) = found
    if index.dtype in ("bool", "uint8"):
        return where_true(whole, value, index, dim, result)
    return at_places(whole, value, index, dim, result)


@rule("where")
def _(call: TracedCall) -> Said:
    """Raises Unsaid."""
    if len(call.given) != 3:
        raise Unsaid("where a condition holds depends on the data")
    condition, chosen, other = call.given
    if isinstance(chosen, TracedTensor) and isinstance(other, TracedTensor):
        return Said("where", {"condition": condition, "input": chosen, "other": other})
    reads = [each for each in (condition, chosen, other) if isinstance(each, TracedTensor)]
    places = iter(range(1, 3))
    first, second = (f"{{{next(places)}}}" if isinstance(e, TracedTensor) else number(e) for e in (chosen, other))
    return Said(None, reads, formula=f"{first} if {{0}} else {second}")
