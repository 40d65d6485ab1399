"""A constant of which a part has been written over with a number: a condition over its indices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archdsl_torch.importing.said import INDICES, Said
from archdsl_torch.importing.sizes import TracedSize, plus
from archdsl_torch.importing.tracing import TracedCall, TracedTensor


@dataclass
class _Side:
    """A dimension of a view, in the whole."""

    place: int
    size: TracedSize
    start: TracedSize = 0


def patched(whole: Said, part: Said, root: TracedTensor, views: Sequence[TracedCall]) -> Said | None:
    """The constant with another number where the views lead; None where they or the numbers are of other kinds."""
    if "index" in part.fields or part.fields.get("dtype") != whole.fields.get("dtype"):
        return None
    sides = [_Side(place, size) for place, size in enumerate(root.shape)]
    conditions: list[str] = []
    for call in views:
        if call.name not in ("slice", "select") or (call.name == "slice" and call.argument("step") != 1):
            return None
        place = call.argument("dim") % len(sides)
        _narrowed(sides, place, call, conditions)
    value = part.fields["value"]
    if conditions:
        value = f"{value} if {' and '.join(conditions)} else {whole.fields['value']}"
    index = {"index": [*INDICES[: len(root.shape)]]} if isinstance(value, str) else {}
    fields = {key: each for key, each in whole.fields.items() if key not in ("index", "value")}
    return replace(whole, fields={"shape": fields.pop("shape"), **index, "value": value, **fields})


def _narrowed(sides: list[_Side], place: int, call: TracedCall, conditions: list[str]) -> None:
    side = sides[place]
    name = INDICES[side.place]
    if call.name == "select":
        conditions.append(f"{name} == {plus(side.start, counted(call.argument('index'), side.size))}")
        del sides[place]
        return
    start, end = (counted(call.argument(word), side.size) for word in ("start", "end"))
    if start != 0:
        conditions.append(f"{name} >= {plus(side.start, start)}")
    if end != side.size:
        conditions.append(f"{name} < {plus(side.start, end)}")
    side.start, side.size = plus(side.start, start), call.gives[0].shape[place]


def counted(place: TracedSize | None, size: TracedSize) -> TracedSize:
    """A place that may be counted from the end, or none, or beyond it."""
    if place is None:
        return 0
    if not isinstance(place, int):
        return place
    if place < 0:
        return plus(size, place)
    return min(place, size) if isinstance(size, int) else size if place == 2**63 - 1 else place
