"""What a field of an op takes, in words, read from its annotation: for messages."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, Final, Literal, NamedTuple, Union, get_args, get_origin

from archdsl.ops.base import Op
from archdsl.ops.othernames import listed


class Wanted(NamedTuple):
    """A kind of value; a `number` is judged by its size."""

    phrase: str
    number: bool = False


def wanted(op: type[Op], field: str, given: Any) -> str:
    """What the field takes; where a number is wrong by its size alone, only the numbers that it takes."""
    info = op.model_fields[field]
    left_out = Wanted("null") if info.default is None else None  # null is then the same as no field
    found = [each for each in dict.fromkeys(_kinds(info.annotation, tuple(info.metadata))) if each != left_out]
    numbers = [each for each in found if each.number]
    whole = isinstance(given, int) or not any("whole" in each.phrase for each in numbers)
    if numbers and isinstance(given, int | float) and not isinstance(given, bool) and whole:
        found = numbers
    elif (several := _several(op, found, info)) is not None:
        found.insert(1, Wanted(several))
    return listed(each.phrase for each in found)


def _several(op: type[Op], found: list[Wanted], info: Any) -> str | None:
    """How many numbers a field takes beside one for all."""
    pair = get_origin(info.annotation) is tuple and get_args(info.annotation)[-1] is not ...
    count = len(get_args(info.annotation)) if pair else getattr(op, "spatial", 1)
    return f"{count} of them" if count > 1 and found and found[0].number and _holds_tuple(info.annotation) else None


def _holds_tuple(annotation: Any) -> bool:
    origin, args = get_origin(annotation), get_args(annotation)
    return origin is tuple or any(map(_holds_tuple, args))


def _kinds(annotation: Any, constraints: tuple[Any, ...] = ()) -> Iterator[Wanted]:
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _kinds(args[0], (*constraints, *_flat(args[1:])))
    elif origin in (Union, UnionType):
        parts = [part for part in args if part is not int or float not in args]
        for part in parts:
            yield from _kinds(part, constraints)
    elif origin is Literal:
        yield from (Wanted(f"`{word}`") for word in args)
    elif origin is tuple:
        yield from _tuple(args, constraints)
    elif annotation in _PLAIN:
        yield Wanted(_PLAIN[annotation])
    else:
        yield Wanted(f"{_NUMBERS.get(annotation, 'a whole number')}{_bounds(annotation, constraints)}", True)


def _flat(metadata: tuple[Any, ...]) -> Iterator[Any]:
    """Constraints, those inside pydantic's `Field(…)` too."""
    for each in metadata:
        yield from getattr(each, "metadata", None) or [each]


def _tuple(items: tuple[Any, ...], constraints: tuple[Any, ...]) -> Iterator[Wanted]:
    """One item stands for all, unless only a list is taken."""
    if any(getattr(getattr(each, "func", None), "__name__", "") == "as_tuple" for each in constraints):
        inner = next(_kinds(items[0]), Wanted("values"))
        yield Wanted(
            f"a list of {inner.phrase.replace('a whole number', 'whole numbers').replace('a number', 'numbers')}"
        )
    else:
        yield from (each for each in _kinds(items[0]) if each.number)


_PLAIN: Final[dict[Any, str]] = {bool: "true or false", str: "text", type(None): "null", None: "null"}
_NUMBERS: Final[dict[Any, str]] = {int: "a whole number", float: "a number"}


def _bounds(annotation: Any, constraints: tuple[Any, ...]) -> str:
    bounds = {
        name: getattr(each, name) for each in constraints for name in ("gt", "ge", "lt", "le") if hasattr(each, name)
    }
    if "ge" in bounds and "le" in bounds:
        return f" from {bounds['ge']:g} to {bounds['le']:g}"
    if "gt" in bounds:
        return f" of at least {bounds['gt'] + 1:g}" if annotation is int else f" above {bounds['gt']:g}"
    return f" of at least {bounds['ge']:g}" if "ge" in bounds else ""
