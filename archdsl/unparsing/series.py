"""Numbers that change from turn to turn of a `for`, as expressions of the turn's number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from archdsl.expressions.tree import Binary, Choice, Compare, Literal, Name, Tree, literal_of
from archdsl.text.alike import same

_Values = Sequence[Any]


def told(values: _Values, name: str) -> Tree | None:
    """The values by the number of the turn, counted from 0 and called `name`; None where a table must say them."""
    if all(same(value, values[0]) for value in values):
        return literal_of(values[0])
    return next((tree for tree in _candidates(values, Name(name)) if tree is not None), None)


def _candidates(values: _Values, k: Tree) -> Iterator[Tree | None]:
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        yield _decided(values, k)
        return
    if kinds == {int}:
        yield _linear(values, k)
        yield _doubling(values, k)
    if kinds == {float}:
        yield _rising(values, k)
    yield _first(values, k)
    if len(values) > 3:
        yield _alternating(values, k)


def _linear(values: _Values, k: Tree) -> Tree | None:
    start, step = values[0], values[1] - values[0]
    if any(value != start + step * place for place, value in enumerate(values)):
        return None
    if len(values) == 2 and (start > 2 or abs(step) > 2):
        return None
    times = k if abs(step) == 1 else Binary("*", Literal(abs(step)), k)
    if step < 0:
        return Binary("-", Literal(start), times)
    if start == 0:
        return times
    return Binary("+" if start > 0 else "-", times, Literal(abs(start)))


def _doubling(values: _Values, k: Tree) -> Tree | None:
    start = values[0]
    if len(values) < 3 or start <= 0 or any(value != start * 2**place for place, value in enumerate(values)):
        return None
    power = Binary("**", Literal(2), k)
    return power if start == 1 else Binary("*", Literal(start), power)


def _rising(values: _Values, k: Tree) -> Tree | None:
    """Evenly, as rates of stochastic depth do: `0.2 * (k + 4) / 11`."""
    step = values[1] - values[0]
    if not (step > 0 and abs(values[0]) <= step * MOST_TURNS):  # nor where one is infinite
        return None
    before = round(values[0] / step)
    for count in range(1, MOST_TURNS):
        last = round(step * count, 2)
        if last > 0 and all(value == last * (place + before) / count for place, value in enumerate(values)):
            turn = Binary("+", k, Literal(before)) if before else k
            return Binary("/", Binary("*", Literal(last), turn), Literal(count))
    return None


MOST_TURNS: Final = 500
"""Turns of all loops together that a rate rises over, at most."""


def _first(values: _Values, k: Tree) -> Tree | None:
    """One for the first turn, another for all others."""
    if len(values) < 2 or any(not same(value, values[1]) for value in values[1:]):
        return None
    return Choice(Compare(k, (("==", Literal(0)),)), literal_of(values[0]), literal_of(values[1]))


def _alternating(values: _Values, k: Tree) -> Tree | None:
    if any(not same(value, values[place % 2]) for place, value in enumerate(values)):
        return None
    even = Compare(Binary("%", k, Literal(2)), (("==", Literal(0)),))
    return Choice(even, literal_of(values[0]), literal_of(values[1]))


def _decided(values: _Values, k: Tree) -> Tree | None:
    last = len(values) - 1
    for sign, bound, wanted in (
        ("==", 0, [True, *[False] * last]), (">", 0, [False, *[True] * last]),
        ("<", last, [*[True] * last, False]), ("==", last, [*[False] * last, True]),
    ):  # fmt: skip
        if [*values] == wanted:
            return Compare(k, ((sign, Literal(bound)),))
    for rest in (0, 1):
        if all(value is (place % 2 == rest) for place, value in enumerate(values)):
            return Compare(Binary("%", k, Literal(2)), (("==", Literal(rest)),))
    return None
