"""Parts of tensors."""

from __future__ import annotations

from typing import Any

from archdsl.ops import OPS
from archdsl_torch.importing.patches import counted
from archdsl_torch.importing.rules import inverse, rule
from archdsl_torch.importing.said import Said, Steps, between, constant, other_name, short
from archdsl_torch.importing.scattering import every_few
from archdsl_torch.importing.sizes import TracedSize, plus
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


@rule("slice")
def _(call: TracedCall) -> Said:
    source, dim, start, end, step = call.given
    start, end = start or None, None if end == 2**63 - 1 else end
    if start is None and end is None and step == 1:
        return other_name(source)
    fields = {"dim": dim, "start": start, "end": end, "step": step}
    return Said("slice", {"input": source}, short(OPS["slice"], fields))


@rule("split", "split_with_sizes")
def _(call: TracedCall) -> Said:
    source, sizes, dim = call.given
    return Said("split", {"input": source}, short(OPS["split"], {"split_size": sizes, "dim": dim}))


@inverse("slice")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    dim, start, end, step = call.given[1:]
    if step == 1:
        return _between(whole, part, dim, start, None if end == 2**63 - 1 else end)
    dim %= len(whole.shape)
    start, end = counted(start, whole.shape[dim]), counted(2**63 - 1 if end is None else end, whole.shape[dim])
    return every_few(whole, part, dim, start, end, step)


@inverse("select")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    dim, index = call.argument("dim") % len(whole.shape), call.argument("index")
    return _row(whole, part, dim, index, plus(index, 1) if index != -1 else None)


@inverse("split", "split_with_sizes", "chunk")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    dim, number = call.argument("dim"), call.gives.index(view)
    start: TracedSize = 0
    for each in call.gives[:number]:
        start = plus(start, each.shape[dim])
    end = plus(start, view.shape[dim]) if number + 1 < len(call.gives) else None
    return _between(whole, part, dim, start, end)


@inverse("unbind")
def _(call: TracedCall, view: TracedTensor, whole: TracedTensor, part: TracedTensor) -> Steps:
    number = call.gives.index(view)
    return _row(whole, part, call.argument("dim") % len(whole.shape), number, number + 1)


def _row(whole: TracedTensor, part: TracedTensor, dim: int, start: Any, end: Any) -> Steps:
    """The part as one place of a dimension that it has not."""
    row = between(part, (*part.shape[:dim], 1, *part.shape[dim:]))
    return [(Said("unsqueeze", {"input": part}, {"dim": dim}), row), *_between(whole, row, dim, start, end)]


def _between(whole: TracedTensor, part: TracedTensor, dim: int, start: Any, end: Any) -> Steps:
    """The part between what stands before and behind it."""
    ends = ({"start": None, "end": start} if start else None, {"start": end, "end": None} if end is not None else None)
    steps: Steps = []
    pieces = [part]
    for place, fields in ((0, ends[0]), (2, ends[1])):
        if fields is not None:
            piece = between(whole)
            steps.append((Said("slice", {"input": whole}, short(OPS["slice"], {"dim": dim, **fields})), piece))
            pieces.insert(place, piece)
    return [*steps, (Said("cat", pieces, {"dim": dim}), between(whole))]


@rule("unfold")
def _(call: TracedCall) -> Steps:
    """Windows that slide along a dimension: the dimension becomes their number, and their places come last."""
    source, dim, size, step = call.given
    result, rank = call.gives[0], len(source.shape)
    dim %= rank
    places = between(result, [result.shape[dim], size], "int64")
    windows = between(result, [*source.shape[:dim], *places.shape, *source.shape[dim + 1 :]])
    order = [place for place in range(rank + 1) if place != dim + 1]
    return [
        (constant(places, f"{step} * i + j"), places),
        (Said("index", {"input": source, "index": places}, short(OPS["index"], {"dim": dim})), windows),
        (Said("permute", {"input": windows}, {"dims": [*order, dim + 1]}), result),
    ]
