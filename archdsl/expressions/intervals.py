"""Between which whole numbers the value of an expression lies, told without computing its values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Final, TypeAlias

from archdsl.expressions.tree import Binary, Literal, Name, Tree, Unary

Interval: TypeAlias = tuple[int, int]
"""The least number and the largest."""


def interval(tree: Tree, names: Mapping[str, Interval]) -> Interval | None:
    """Bounds that every value keeps, not always the tightest; None where the values may be no whole numbers."""
    if isinstance(tree, Literal):
        return (tree.value, tree.value) if type(tree.value) is int else None
    if isinstance(tree, Name):
        return names.get(tree.name)
    if isinstance(tree, Unary) and tree.sign == "-":
        return interval(Binary("-", Literal(0), tree.operand), names)
    rule = _RULES.get(tree.sign) if isinstance(tree, Binary) else None
    if rule is None or not isinstance(tree, Binary):
        return None
    left, right = interval(tree.left, names), interval(tree.right, names)
    return None if left is None or right is None else rule(left, right)


def _sum(left: Interval, right: Interval) -> Interval:
    return left[0] + right[0], left[1] + right[1]


def _difference(left: Interval, right: Interval) -> Interval:
    return left[0] - right[1], left[1] - right[0]


def _product(left: Interval, right: Interval) -> Interval:
    corners = [one * other for one, other in product(left, right)]
    return min(corners), max(corners)


def _quotient(left: Interval, right: Interval) -> Interval | None:
    if right[0] < 1:
        return None
    corners = [one // other for one, other in product(left, right)]
    return min(corners), max(corners)


def _remainder(left: Interval, right: Interval) -> Interval | None:
    least, divisor = right
    if least < 1:
        return None
    if least == divisor and left[0] // divisor == left[1] // divisor:
        return left[0] % divisor, left[1] % divisor
    return 0, divisor - 1


_RULES: Final[Mapping[str, Callable[[Interval, Interval], Interval | None]]] = {
    "+": _sum, "-": _difference, "*": _product, "//": _quotient, "%": _remainder,
}  # fmt: skip
