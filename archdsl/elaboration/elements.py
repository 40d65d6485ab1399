"""What a constant is at each of its elements, as a tree: with its derived values put in, it stays bounded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.tree import Name
from archdsl.expressions.walking import children
from archdsl.limits import MAX_BRACKETS


class ElementTree(NamedTuple):
    """The tree of a constant's element, in which only its indices are names."""

    tree: Any
    size: int
    """How many parts it has."""
    depth: int


_MOST_PARTS: Final = 2000
_DEEPEST: Final = 2 * MAX_BRACKETS


def extent(tree: Any, elements: Mapping[str, ElementTree]) -> tuple[int, int]:
    """How many parts a tree has and how deep they nest, with `elements` in place of their names."""
    size = deepest = 0
    waiting = [(tree, 1)]
    while waiting:
        part, depth = waiting.pop()
        inner = elements.get(part.name) if isinstance(part, Name) else None
        size += 1 if inner is None else inner.size
        deepest = max(deepest, depth if inner is None else depth + inner.depth)
        waiting += [(child, depth + 1) for child in children(part)]
    return size, deepest


def is_bounded(size: int, depth: int) -> bool:
    """Whether a tree of so many parts, so deep, can be read and shown."""
    return size <= _MOST_PARTS and depth <= _DEEPEST


def check_extent(expression: Expression, elements: Mapping[str, ElementTree]) -> None:
    """Raises ExpressionError for a constant's formula that its derived values make too large."""
    if not elements:
        return
    size, depth = extent(expression.tree, elements)
    if not is_bounded(size, depth):
        raise ExpressionError(
            f"with its derived values put in this has {size:,} parts, {depth} deep", 0, len(expression.text),
            f"make a part of it a constant of its own: {_MOST_PARTS:,} parts and {_DEEPEST} deep is the most",
        )  # fmt: skip
