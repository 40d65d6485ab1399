"""Sizes that only the run knows, as sums and products of a block's dimensions.

A size is found at numbers first, which is fast, and then compared as what it is: what is given is exact.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import reduce
from itertools import combinations
from math import prod
from typing import Any, Final, NamedTuple, TypeAlias

from archdsl.expressions.tree import Binary, Call, Literal, Tree
from archdsl.limits import TooLarge
from archdsl.shapes import Dim, Symbolic, add, evaluate, multiply, product

_DIGITS: Final = re.compile(r"\d{1,6}")
MOST: Final = 4096
"""Divisors that are tried, at most."""
_TRIALS: Final = (7, 10007, 643, 2311, 13, 97, 1261)
"""Sizes at which candidates are compared, each for one name more than the one before."""


_Numbers: TypeAlias = "tuple[int, ...]"


class KnownName(NamedTuple):
    """A name that a block's expressions see, with what it is in each instance."""

    tree: Tree
    values: tuple[Any, ...]


class _Tried(NamedTuple):
    """A size with its numbers at some sizes of the names in it."""

    known: KnownName
    numbers: tuple[int, ...]


def sums(names: Sequence[KnownName], wanted: Sequence[Any], place: int) -> Iterator[KnownName]:
    """Products of dimensions and of parts of them, and what two such make with whole numbers."""
    goal: Dim = wanted[place]
    at = _numbers(goal, names, place)
    plain, parts = [], []
    for known in names:
        plain.append(_Tried(known, at(known.values[place])))
        parts += [_Tried(part, at(part.values[place])) for part in _parts(known, goal)]
    size = at(goal)
    yield from _products([*plain, *parts], size)
    ones = [_Tried(one, at(one.values[place])) for one in _ones(parts)]
    atoms = [*plain, *parts, *ones]
    for one in atoms:
        if (found := _weights(one.numbers, None, size)) is not None:
            yield _sum([one.known], found)
    for one in plain:
        for two in (*parts, *ones, *plain):
            if one is not two and (found := _weights(one.numbers, two.numbers, size)) is not None:
                yield _sum([one.known, two.known], found)


def _numbers(goal: Dim, names: Sequence[KnownName], place: int) -> Any:
    """What gives a size's numbers at some sizes of the names in it."""
    dims = [goal, *(known.values[place] for known in names)]
    used = sorted({name for dim in dims if isinstance(dim, Symbolic) for name in dim.names})
    sizes = [
        {name: _TRIALS[(turn + step) % len(_TRIALS)] + step for step, name in enumerate(used)}
        for turn in range(len(_TRIALS))
    ]  # fmt: skip
    return lambda dim: tuple(evaluate(dim, each) for each in sizes)


def _parts(known: KnownName, goal: Dim) -> Iterator[KnownName]:
    """Whole parts of a dimension, up and down, and what is left: by the numbers that stand in the size wanted."""
    tree, values = known
    for factor in _factors(goal):
        yield KnownName(Binary("//", tree, Literal(factor)), tuple(value // factor for value in values))
        rounded = Call("ceil", (Binary("/", tree, Literal(factor)),))
        yield KnownName(rounded, tuple((value + factor - 1) // factor for value in values))
        yield KnownName(Binary("%", tree, Literal(factor)), tuple(value % factor for value in values))


def _factors(goal: Dim) -> list[int]:
    """The numbers that stand in a size, and what they are multiples of."""
    found = {2, 4, *map(int, _DIGITS.findall(str(goal)))}
    halves = {number // factor for number in found for factor in (2, 4, 8, 16, 32) if number % factor == 0}
    return [number for number in sorted(found | halves) if 1 < number <= MOST][:10]


def _ones(parts: Sequence[_Tried]) -> Iterator[KnownName]:
    """Whether there is but one part: `1 // parts`."""
    for (tree, values), numbers in parts:
        if min(numbers) > 0:
            yield KnownName(Binary("//", Literal(1), tree), tuple(1 // value if value else 0 for value in values))


def _products(atoms: Sequence[_Tried], size: tuple[int, ...]) -> Iterator[KnownName]:
    first = [
        each
        for each in atoms
        if all(own > 1 and whole % own == 0 for own, whole in zip(each.numbers, size, strict=True))
    ]
    for count in (1, 2, 3, 4):
        for chosen in combinations(first, count) if count < 4 else combinations(first[:12], count):
            if all(prod(each.numbers[turn] for each in chosen) == size[turn] for turn in range(len(size))):
                tree = reduce(lambda left, right: Binary("*", left, right), [each.known.tree for each in chosen])
                columns = zip(*(each.known.values for each in chosen), strict=True)
                with suppress(TooLarge):
                    yield KnownName(tree, tuple(map(product, columns)))


def _weights(one: _Numbers, two: _Numbers | None, size: _Numbers) -> tuple[int, ...] | None:
    """Whole numbers by which one or two columns, and a last 1, make up the size; None where none do."""
    for i, j, k in _TRIPLES:
        a, b, p, q = one[j] - one[i], one[k] - one[i], size[j] - size[i], size[k] - size[i]
        c, d = (0, 1) if two is None else (two[j] - two[i], two[k] - two[i])
        first, second, base = (p, 0, a) if two is None else (p * d - q * c, a * q - b * p, a * d - b * c)
        if base:
            return None if first % base or second % base else _checked(one, two, size, first // base, second // base)
    return None


_TRIPLES: Final = ((0, 1, 2), (2, 3, 4), (4, 5, 6), (0, 3, 5), (1, 4, 6), (6, 0, 1))


def _checked(one: _Numbers, two: _Numbers | None, size: _Numbers, weight: int, other: int) -> tuple[int, ...] | None:
    """The weights with what is left, where they make up the size at all numbers."""
    second = two or (0,) * len(size)
    if not weight or (two is not None and not other):
        return None
    rest = {whole - weight * a - other * b for a, b, whole in zip(one, second, size, strict=True)}
    if len(rest) > 1:
        return None
    return (weight, *rest) if two is None else (weight, other, *rest)


def _sum(names: Sequence[KnownName], weights: Sequence[int]) -> KnownName:
    """The sum of names times whole numbers, and of a number."""
    values = tuple(_total(column, weights) for column in zip(*(known.values for known in names), strict=True))
    terms = sorted(zip([known.tree for known in names], weights, strict=False), key=lambda term: -term[1])
    tree = _term(*terms[0])
    for part, weight in terms[1:]:
        tree = Binary("+" if weight > 0 else "-", tree, _term(part, abs(weight)))
    if weights[-1]:
        tree = Binary("+" if weights[-1] > 0 else "-", tree, Literal(abs(weights[-1])))
    return KnownName(tree, values)


def _total(column: Sequence[Dim], weights: Sequence[int]) -> Dim:
    """Sizes times whole numbers, and the last number."""
    total: Dim = weights[-1]
    for size, weight in zip(column, weights, strict=False):
        total = add(total, multiply(size, weight))
    return total


def _term(tree: Tree, weight: int) -> Tree:
    return tree if weight == 1 else Binary("*", Literal(weight), tree)
