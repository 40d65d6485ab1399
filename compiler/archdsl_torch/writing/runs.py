"""Stretches of equal children as comprehensions: `*[Block(64) for _ in range(3)]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias, final

from archdsl.expressions.tree import Name, Tree
from archdsl.ir.graph import Binding, LoopStep
from archdsl.text.alike import same
from archdsl_torch.lowering.text import all_same
from archdsl_torch.lowering.tree import (
    Apply,
    Call,
    Code,
    Comprehension,
    Conditional,
    Fixed,
    Infix,
    Loop,
    Numbered,
    Starred,
    Tuple,
    Variable,
)
from archdsl_torch.lowering.wording import worded
from archdsl_torch.writing.arguments import COUNTER, Resolver, in_words
from archdsl_torch.writing.folding import Untold, agrees, translate
from archdsl_torch.writing.hints import Hint

SHORTEST: Final = 3
"""Fewer equal children than this are written out."""

Folded: TypeAlias = "tuple[Code, bool, int]"
"""One child of a loop, whether it reads the loop's `k`, and where that starts."""
Folding: TypeAlias = "Callable[[int, int], Folded | None] | None"

K: Final = Variable(COUNTER)

_NUMBER: Final = re.compile(r"(.*?)(\d+)(\D*)")


class Grouped(NamedTuple):
    """The children of a container with stretches folded."""

    codes: tuple[Code, ...]
    whole: Comprehension | None
    """The comprehension that gives all children, where one does."""
    pairs: bool
    """Names and children are written as pairs."""


@final
class LoopResolver:
    """Says values as functions of a loop's `k`, which starts at `start`."""

    def __init__(self, count: int, start: int) -> None:
        self.count = count
        self.start = start
        self.used = False

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> Code:
        if all_same(values):
            return in_words(values[0])
        if len(values) != self.count:
            raise Untold(name)
        line = self._line(values)
        if line is not None:
            return line
        if hint is None or not all(
            agrees(hint.expression.evaluate(env), v) for env, v in zip(hint.envs, values, strict=True)
        ):
            raise Untold(name)
        return worded(translate(hint.expression.tree, hint.envs, self._named))

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> Code:
        raise Untold(name)

    def _named(self, name: str, bindings: Sequence[Binding | None]) -> Tree:
        values = [b.value for b in bindings if b is not None]
        if len(values) == self.count and values == list(range(self.start, self.start + self.count)):
            self.used = True
            return Name(COUNTER)
        raise Untold(name)

    def _line(self, values: Sequence[Any]) -> Code | None:
        """Whole numbers that grow evenly."""
        if not all(type(v) is int for v in values):
            return None
        steps = {b - a for a, b in pairwise(values)}
        if len(steps) != 1:
            return None
        self.used = True
        step = steps.pop()
        base = values[0] - step * self.start
        factor = K if step == 1 else Infix("*", Fixed(step), K)
        return factor if base == 0 else Infix("+", Fixed(base), factor)


@final
class RowsResolver:
    """Says the values of loops of several lengths, one loop for each instance of the class.

    `rows` counts the turns of each loop. A value is the same in every turn, or differs in the first.
    """

    def __init__(self, rows: Sequence[int], where: Sequence[int], resolver: Resolver) -> None:
        self.rows = rows
        self.where = where
        self.resolver = resolver
        self.used = False

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> Code:
        if len(values) != sum(self.rows):
            raise Untold(name)
        starts = [sum(self.rows[:i]) for i in range(len(self.rows))]
        rows = [values[start : start + count] for start, count in zip(starts, self.rows, strict=True)]
        if not all(all_same(row[1:]) for row in rows if row[1:]):
            raise Untold(name)
        first = self._part(starts, list(range(len(rows))), values, name, hint)
        longer = [i for i, row in enumerate(rows) if len(row) > 1]
        if all(same(row[0], row[-1]) for row in rows):
            return first
        self.used = True
        later = self._part([starts[i] + 1 for i in longer], longer, values, name, hint)
        return Conditional(Infix("==", K, Fixed(0)), first, later)

    def _part(
        self, places: Sequence[int], rows: list[int], values: Sequence[Any], name: str, hint: Hint | None
    ) -> Code:
        own = None if hint is None else Hint(hint.expression, tuple(hint.envs[p] for p in places))
        return self.resolver.resolve([values[p] for p in places], [self.where[i] for i in rows], name, own)

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> Code:
        raise Untold(name)


def loop_start(loops: Sequence[Sequence[LoopStep]]) -> int:
    """Where a loop's own counter starts for these turns of it; 0 if it has none."""
    steps = [turn[-1] for turn in loops if turn]
    if len(steps) < len(loops) or not steps:
        return 0
    for name in steps[0].env.names:
        found = [step.env.find(name) for step in steps]
        values = [b.value if b is not None else None for b in found]
        if type(values[0]) is int and values == list(range(values[0], values[0] + len(values))):
            return values[0]
    return 0


def turning(element: Code, count: Code, counter: bool, start: int = 0) -> Comprehension:
    """`[element for k in range(start, count)]`, of `_` where nothing reads the counter."""
    bounds = (count,) if start == 0 else (Fixed(start), count)
    return Comprehension(element, (Loop((COUNTER if counter else "_",), Call("range", bounds)),))


def grouped(codes: Sequence[Code], names: Sequence[str], fold: Folding, *, numbered: bool) -> Grouped:
    """Children with every stretch of at least `SHORTEST` equal ones as one comprehension."""
    parts: list[tuple[str, Code] | Comprehension] = []
    position = 0
    while position < len(codes):
        found = _stretch(codes, names, position, fold, numbered)
        parts.append((names[position], codes[position]) if found is None else found[1])
        position = position + 1 if found is None else found[0]
    if len(parts) == 1 and isinstance(sole := parts[0], Comprehension):
        return Grouped((Starred(sole),), sole, False)
    pairs = not numbered and any(isinstance(part, Comprehension) for part in parts)
    return Grouped(tuple(_folded(part, numbered) for part in parts), None, pairs)


def _folded(part: tuple[str, Code] | Comprehension, numbered: bool) -> Code:
    """A child, with its name where it needs one; all children of a comprehension."""
    if isinstance(part, Comprehension):
        return Starred(part)
    name, code = part
    return code if numbered else Tuple((Fixed(name), code))


def _stretch(
    codes: Sequence[Code], names: Sequence[str], start: int, fold: Folding, numbered: bool
) -> tuple[int, Comprehension] | None:
    """The end of the longest stretch of equal children from `start`, and its comprehension."""
    stop = start + 1
    while stop < len(codes) and codes[stop] == codes[start]:
        stop += 1
    folded: Folded | None = (codes[start], False, 0)
    if stop - start < SHORTEST:
        folded, stop = _linear(codes, start, fold)
    if folded is None:
        return None
    body, uses_k, origin = folded
    first = origin if uses_k else 0
    end = Fixed(first + stop - start)
    if numbered:
        return stop, turning(body, end, uses_k, first)
    label = _label(names[start:stop], first)
    return None if label is None else (stop, turning(Tuple((label, body)), end, True, first))


def _linear(codes: Sequence[Code], start: int, fold: Folding) -> tuple[Folded | None, int]:
    """The longest stretch whose numbers grow evenly.

    Where so many children are none, more are none either: as many as are one are doubled, and then found by halving.
    """
    longest: Folded | None = None
    best, most = SHORTEST - 1, len(codes) - start
    count = SHORTEST
    while fold is not None and best < most:
        count = min(count, most)
        folded = fold(start, start + count) if _are_alike(codes[start : start + count]) else None
        if folded is None:
            most = count - 1
        else:
            best, longest = count, folded
        count = min(2 * best, (best + most + 1) // 2)
    return longest, start + best


def _are_alike(codes: Sequence[Code]) -> bool:
    """Whether all call the same."""
    head = _head(codes[0])
    return all(_head(code) == head for code in codes)


def _head(code: Code) -> object:
    """What is called."""
    return code.function if isinstance(code, Call | Apply) else code


def _label(names: Sequence[str], start: int) -> Code | None:
    """The names as an f-string over `k`."""
    matches = [_NUMBER.fullmatch(name) for name in names]
    if any(match is None for match in matches):
        return None
    parts = [match.groups() for match in matches if match is not None]
    numbers = [int(number) for _, number, _ in parts]
    head, _, tail = parts[0]
    consecutive = numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    if not consecutive or any((h, t) != (head, tail) for h, _, t in parts):
        return None
    gap = numbers[0] - start
    k = K if gap == 0 else Infix("+" if gap > 0 else "-", K, Fixed(abs(gap)))
    return Numbered(head, k, tail)
