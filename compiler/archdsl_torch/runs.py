"""Stretches of equal children as comprehensions: `*[Block(64) for _ in range(3)]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple, TypeAlias, final

from archdsl.expressions import Name, Tree
from archdsl.graph import Binding, LoopStep
from archdsl_torch.arguments import Hint, Resolver, agrees
from archdsl_torch.folding import Untold, translate
from archdsl_torch.spelling import expression, literal, numbered
from archdsl_torch.text import Doc, Group, Operation, all_same, same

SHORTEST: Final = 3
"""Fewer equal children than this are written out."""

Loop: TypeAlias = "Callable[[int, int], tuple[Doc, bool, int] | None] | None"

_NUMBER: Final = re.compile(r"(.*?)(\d+)(\D*)")


class Grouped(NamedTuple):
    """The children of a container with stretches folded."""

    docs: tuple[Doc, ...]
    whole: Doc | None
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

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> str:
        if all_same(values):
            return literal(values[0])
        if len(values) != self.count:
            raise Untold(name)
        line = self._line(values)
        if line is not None:
            return line
        if hint is None or not all(
            agrees(hint.expression.evaluate(env), v) for env, v in zip(hint.envs, values, strict=True)
        ):
            raise Untold(name)
        return expression(translate(hint.expression.tree, hint.envs, self._named))

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> str:
        raise Untold(name)

    def _named(self, name: str, bindings: Sequence[Binding | None]) -> Tree:
        values = [b.value for b in bindings if b is not None]
        if len(values) == self.count and values == list(range(self.start, self.start + self.count)):
            self.used = True
            return Name("k")
        raise Untold(name)

    def _line(self, values: Sequence[Any]) -> str | None:
        """Whole numbers that grow evenly."""
        if not all(type(v) is int for v in values):
            return None
        steps = {b - a for a, b in pairwise(values)}
        if len(steps) != 1:
            return None
        self.used = True
        step = steps.pop()
        base = values[0] - step * self.start
        factor = "k" if step == 1 else f"{step} * k"
        return factor if base == 0 else f"{base} + {factor}"


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

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> str:
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
        return f"{first} if k == 0 else {self._part([starts[i] + 1 for i in longer], longer, values, name, hint)}"

    def _part(self, places: Sequence[int], rows: list[int], values: Sequence[Any], name: str, hint: Hint | None) -> str:
        own = None if hint is None else Hint(hint.expression, tuple(hint.envs[p] for p in places))
        return self.resolver.resolve([values[p] for p in places], [self.where[i] for i in rows], name, own)

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> str:
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


def counted(start: int, count: int) -> str:
    return f"range({count})" if start == 0 else f"range({start}, {start + count})"


def grouped(docs: Sequence[Doc], names: Sequence[str], loop: Loop, *, numbered: bool) -> Grouped:
    """Children with every stretch of at least `SHORTEST` equal ones as one comprehension."""
    parts: list[tuple[str | None, Operation | None, Doc]] = []
    position = 0
    while position < len(docs):
        found = _stretch(docs, names, position, loop, numbered)
        if found is None:
            parts.append((names[position], None, docs[position]))
            position += 1
            continue
        position, loop_text = found
        parts.append((None, loop_text, ""))
    if len(parts) == 1 and (sole := parts[0][1]) is not None:
        listed = Group("[", (sole,), "]", single=True)
        spliced = Group("*[", (sole,), "]", single=True)
        return Grouped((spliced if numbered else sole,), listed if numbered else sole, False)
    pairs = not numbered and any(text is not None for _, text, _ in parts)
    folded: list[Doc] = []
    for name, text, doc in parts:
        if text is not None:
            folded.append(Group("*[", (text,), "]", single=True))
        elif numbered or name is None:
            folded.append(doc)
        else:
            folded.append(Group("(", (literal(name), doc)))
    return Grouped(tuple(folded), None, pairs)


def _stretch(
    docs: Sequence[Doc], names: Sequence[str], start: int, loop: Loop, numbered: bool
) -> tuple[int, Operation] | None:
    """The end of the longest stretch of equal children from `start`, and its comprehension."""
    stop = start + 1
    text = str(docs[start])
    while stop < len(docs) and str(docs[stop]) == text:
        stop += 1
    body: Doc | None = docs[start]
    uses_k = False
    origin = 0
    if stop - start < SHORTEST:
        body, stop, uses_k, origin = _linear(docs, start, loop)
    if body is None:
        return None
    turns = counted(origin if uses_k else 0, stop - start)
    if numbered:
        return stop, Operation((body, f"{'k' if uses_k else '_'} in {turns}"), "for")
    label = _label(names[start:stop], origin if uses_k else 0)
    return None if label is None else (stop, Operation((Group("(", (label, body)), f"k in {turns}"), "for"))


def _linear(docs: Sequence[Doc], start: int, loop: Loop) -> tuple[Doc | None, int, bool, int]:
    """A stretch whose numbers grow evenly."""
    if loop is None:
        return None, start, False, 0
    head = _head(docs[start])
    stop = start
    while stop < len(docs) and _head(docs[stop]) == head:
        stop += 1
    while stop - start >= SHORTEST:
        written = loop(start, stop)
        if written is not None:
            return written[0], stop, written[1], written[2]
        stop -= 1
    return None, start, False, 0


def _head(doc: Doc) -> str:
    return doc.opening if isinstance(doc, Group) else str(doc)


def _label(names: Sequence[str], start: int) -> str | None:
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
    k = "k" if gap == 0 else f"k {'+' if gap > 0 else '-'} {abs(gap)}"
    return numbered(head, k, tail)
