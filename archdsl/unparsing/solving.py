"""What fills a block's holes: its dimensions, parameters, and what follows from these.

A hole is a list of values, one for each instance. An expression fills it that has these values in every instance.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import isqrt
from typing import Any, Final, final

from archdsl.expressions.tree import Binary, Compare, Literal, Logic, Tree, Unary
from archdsl.shapes import Dim, Symbolic
from archdsl.text.alike import same
from archdsl.unparsing.holes import ABSENT
from archdsl.unparsing.sizes import KnownName, sums

_Values = Sequence[Any]
_LEAST: Final = 1e-9
"""Scales are larger: the square of what a smaller one divides by would be no width."""


def fits(values: _Values, wanted: _Values) -> bool:
    """Whether an expression has the values that are wanted, wherever one is."""
    return all(want is ABSENT or same(value, want) for value, want in zip(values, wanted, strict=True))


@final
class Solver:
    """Fills holes from names."""

    def __init__(self, sizes: list[KnownName]) -> None:
        self._sizes = sizes
        self.params: list[KnownName] = []

    def filled(self, wanted: _Values) -> Tree | None:
        """The expression over sizes and parameters that gives these values; None where none is simple enough."""
        for found in self._candidates(wanted):
            if len(found.values) == len(wanted) and fits(found.values, wanted):
                return found.tree
        return None

    def _parts(self, names: list[KnownName], wanted: _Values) -> Iterator[KnownName]:
        """A size that only the run knows, times a number that is found by itself."""
        for tree, values in names:
            if not any(isinstance(value, Symbolic) for value in values) or 0 in values:
                continue
            parts = [want if want is ABSENT else want // value for want, value in zip(wanted, values, strict=True)]
            if not all(part is ABSENT or (isinstance(part, int) and part > 0) for part in parts):
                continue
            found = Literal(parts[0]) if len({*parts}) == 1 else self.filled(parts)
            if found is not None:
                pairs = zip(values, parts, strict=True)
                made = tuple(part if part is ABSENT else value * part for value, part in pairs)
                yield KnownName(Binary("*", tree, found), made)

    def _candidates(self, wanted: _Values) -> Iterator[KnownName]:
        place = next((i for i, want in enumerate(wanted) if want is not ABSENT), None)
        if place is None:
            yield KnownName(Literal(0), tuple(0 for _ in wanted))
            return
        kinds = {type(want) for want in wanted if want is not ABSENT}
        names = [*self.params, *self._sizes]
        yield from names
        if kinds == {bool}:
            yield from _conditions(names)
        elif kinds <= {int, Symbolic}:
            numbers = [known for known in names if all(_is_size(value) for value in known.values)]
            yield from _scaled(numbers, wanted, place)
            yield from _squares(numbers, wanted, place)
            if Symbolic in kinds:
                yield from self._parts(numbers, wanted)
                numbers = [known for known in numbers if any(isinstance(value, Symbolic) for value in known.values)]
                yield from sums(numbers, wanted, place)
        elif kinds == {float}:
            yield from _floats(names, wanted, place)


def _squares(names: list[KnownName], wanted: _Values, place: int) -> Iterator[KnownName]:
    """How many windows a square map has: `(H // 7) ** 2`."""
    goal = wanted[place]
    side = isqrt(goal) if isinstance(goal, int) and goal > 1 else 0
    if side < 2 or side * side != goal:
        return
    for tree, values in names:
        here = values[place]
        if isinstance(here, int) and here > 0 and here % side == 0 and all(isinstance(value, int) for value in values):
            factor = here // side
            part = tree if factor == 1 else _over(tree, factor)
            yield KnownName(Binary("**", part, Literal(2)), tuple((value // factor) ** 2 for value in values))


def _is_size(value: Any) -> bool:
    return value is not ABSENT and isinstance(value, int | Symbolic) and not isinstance(value, bool)


def _scaled(names: list[KnownName], wanted: _Values, place: int) -> Iterator[KnownName]:
    """Multiples and whole parts of one name, what two make, and half of what is less by one."""
    goal = wanted[place]
    for tree, values in names:
        yield from _by_factor(tree, values, goal, values[place])
    for tree, values in names:
        if all(isinstance(value, int) for value in values):
            yield KnownName(_over(Binary("-", tree, Literal(1)), 2), tuple((value - 1) // 2 for value in values))
            if isinstance(goal, int) and goal != values[place]:
                yield _shifted(tree, values, goal - values[place])
    for one, two in combinations(names, 2):
        if all(isinstance(value, int) for value in (*one.values, *two.values)):
            yield from _pairs(one, two, goal, place)


def _by_factor(tree: Tree, values: _Values, goal: Dim, here: Dim) -> Iterator[KnownName]:
    if not (isinstance(goal, int) and isinstance(here, int) and goal > 0 and here > 0):
        return
    if goal % here == 0:
        yield KnownName(Binary("*", tree, Literal(goal // here)), tuple(value * (goal // here) for value in values))
    if here % goal == 0:
        yield KnownName(_over(tree, here // goal), tuple(value // (here // goal) for value in values))


def _over(tree: Tree, factor: int) -> Tree:
    return Binary("//", tree, Literal(factor))


def _shifted(tree: Tree, values: _Values, by: int) -> KnownName:
    sign = "+" if by > 0 else "-"
    return KnownName(Binary(sign, tree, Literal(abs(by))), tuple(value + by for value in values))


def _pairs(one: KnownName, two: KnownName, goal: Any, place: int) -> Iterator[KnownName]:
    made = one.values[place] * two.values[place]
    product = tuple(a * b for a, b in zip(one.values, two.values, strict=True))
    times = Binary("*", one.tree, two.tree)
    yield KnownName(times, product)
    if made and isinstance(goal, int) and goal > 0 and goal % made == 0:
        yield KnownName(Binary("*", times, Literal(goal // made)), tuple(value * (goal // made) for value in product))
    yield KnownName(Binary("+", one.tree, two.tree), tuple(a + b for a, b in zip(one.values, two.values, strict=True)))
    for over, under in ((one, two), (two, one)):
        yield KnownName(
            Binary("-", over.tree, under.tree), tuple(a - b for a, b in zip(over.values, under.values, strict=True))
        )
        if all(under.values):
            yield KnownName(
                Binary("//", over.tree, under.tree),
                tuple(a // b for a, b in zip(over.values, under.values, strict=True)),
            )


def _floats(names: list[KnownName], wanted: _Values, place: int) -> Iterator[KnownName]:
    """Scales of attention: powers of a width, and of a part of it."""
    for tree, values in names:
        if not all(isinstance(value, int) and not isinstance(value, bool) and value > 0 for value in values):
            continue
        yield KnownName(Binary("**", tree, Literal(-0.5)), tuple(value**-0.5 for value in values))
        width = round(wanted[place] ** -2) if wanted[place] > _LEAST else 0
        if width and values[place] % width == 0:
            factor = values[place] // width
            part = _over(tree, factor)
            yield KnownName(
                Binary("**", part, Literal(-0.5)),
                tuple((value // factor) ** -0.5 if value >= factor else 0.0 for value in values),
            )


def _conditions(names: list[KnownName]) -> Iterator[KnownName]:
    """Comparisons of names with numbers and with one another, and two of them."""
    single = [*_comparisons(names)]
    yield from single
    for one, two in combinations(single[:120], 2):
        for word, meet in (("or", any), ("and", all)):
            yield KnownName(
                Logic(word, (one.tree, two.tree)),
                tuple(meet(pair) for pair in zip(one.values, two.values, strict=True)),
            )


def _comparisons(names: list[KnownName]) -> Iterator[KnownName]:
    numbers = [
        known
        for known in names
        if all(isinstance(value, int) and not isinstance(value, bool) for value in known.values)
    ]
    for tree, values in names:
        if all(isinstance(value, bool) for value in values):
            yield KnownName(Unary("not", tree), tuple(not value for value in values))
    for tree, values in numbers:
        for bound in (1, 0, *sorted({*values})[:4]):
            for sign in ("!=", "==", ">"):
                yield KnownName(
                    Compare(tree, ((sign, Literal(bound)),)), tuple(_compared(value, sign, bound) for value in values)
                )
    for one, two in combinations(numbers, 2):
        for factor in (1, 4, 2):
            right = one.tree if factor == 1 else Binary("*", one.tree, Literal(factor))
            for sign in ("!=", "=="):
                yield KnownName(Compare(two.tree, ((sign, right),)), tuple(
                    _compared(b, sign, a * factor) for a, b in zip(one.values, two.values, strict=True)
                ))  # fmt: skip


def _compared(value: int, sign: str, bound: int) -> bool:
    return value > bound if sign == ">" else (value == bound) is (sign == "==")
