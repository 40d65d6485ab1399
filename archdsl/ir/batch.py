"""Which dimension is the batch."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from archdsl.shapes import Dim, Shape, Symbolic

BATCH: Final = "N"
"""The name of the dimension that is the batch, wherever it stands."""


def batch_of(inputs: Iterable[Shape]) -> tuple[str, ...]:
    """The names of the batch dimension, as inputs of these shapes tell them."""
    shapes = [shape for shape in inputs if shape]
    at = [next((i for i, dim in enumerate(shape) if BATCH in names_in(dim)), 0) for shape in shapes]
    lengths = {
        name for shape, own in zip(shapes, at, strict=True)
        for i, dim in enumerate(shape) if i != own for name in names_in(dim)
    }  # fmt: skip
    found = [name for shape, own in zip(shapes, at, strict=True) for name in sorted(names_in(shape[own]))]
    return tuple(name for name in dict.fromkeys(found) if name == BATCH or name not in lengths)


def names_in(dim: Dim) -> frozenset[str]:
    """The sizes that a dimension depends on."""
    return dim.names if isinstance(dim, Symbolic) else frozenset()
