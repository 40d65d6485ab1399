"""What every op must fit into: torch counts sizes and whole numbers in 64 bits, one of them for the sign."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, Final

from archdsl.faults.code import Code
from archdsl.limits import MAX_INT64, MAX_RANK
from archdsl.ops.base import OpError, Weight
from archdsl.shapes import TensorType

_BYTES: Final = 8
"""Of the widest element: the same network may be built in float64."""


def check_outputs(types: Iterable[TensorType], what: str = "the output") -> None:
    """Raises OpError (`rank-error`, `size-error`) for tensors, at known sizes, that torch cannot count."""
    for found in types:
        if found.rank > MAX_RANK:
            raise OpError(
                f"{what} would have {found.rank} dimensions, more than the {MAX_RANK} that torch takes",
                code=Code.RANK_ERROR,
            )
        if prod(found.shape) > MAX_INT64 // _BYTES:  # type: ignore[operator]
            raise OpError(f"{what} would be {found}: more than 2 ** 63 - 1 bytes", code=Code.SIZE_ERROR)


def check_tensors(tensors: Mapping[str, Weight]) -> None:
    """The same for the tensors that a node owns."""
    for name, weight in tensors.items():
        size = prod(weight.shape)
        if size.__class__ is int and size > MAX_INT64 // _BYTES:
            shown = f"`{name}` would be" if name else "it would be"
            raise OpError(f"{shown} {TensorType(weight.shape)}: more than 2 ** 63 - 1 bytes", code=Code.SIZE_ERROR)


def uncountable(value: Any) -> int | None:
    """A whole number in a field's value that torch cannot take."""
    if isinstance(value, tuple | list):
        return next((found for item in value if (found := uncountable(item)) is not None), None)
    return value if isinstance(value, int) and not -MAX_INT64 - 1 <= value <= MAX_INT64 else None
