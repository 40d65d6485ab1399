"""Stretches of equal children as comprehensions: `*[Block(64) for _ in range(3)]`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeAlias, final

from archdsl_torch.arguments import Hint, Untold
from archdsl_torch.text import Doc, Group, all_same, literal, quoted

SHORTEST: Final = 3
"""Fewer equal children than this are written out."""

Loop: TypeAlias = "Callable[[int, int], tuple[Doc, bool] | None] | None"

_NUMBER: Final = re.compile(r"(.*?)(\d+)(\D*)")


class Grouped(NamedTuple):
    """The children of a container with stretches folded."""

    docs: tuple[Doc, ...]
    whole: str | None
    """The comprehension that gives all children, where one does."""
    pairs: bool
    """Names and children are written as pairs."""


@final
class LoopResolver:
    """Says values as functions of a loop's `k`."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.used = False

    def resolve(self, values: Sequence[Any], where: Sequence[int], name: str, hint: Hint | None) -> str:
        if all_same(values):
            return literal(values[0])
        if len(values) == self.count and all(type(v) is int for v in values):
            steps = {b - a for a, b in zip(values, values[1:], strict=False)}
            if len(steps) == 1:
                self.used = True
                return _line(values[0], steps.pop())
        raise Untold(name)

    def condition(self, present: Sequence[bool], name: str, hint: Hint | None) -> str:
        raise Untold(name)


def _line(start: int, step: int) -> str:
    factor = "k" if step == 1 else f"{step} * k"
    return factor if start == 0 else f"{start} + {factor}"


def grouped(docs: Sequence[Doc], names: Sequence[str], loop: Loop, *, numbered: bool) -> Grouped:
    """Children with every stretch of at least `SHORTEST` equal ones as one comprehension."""
    parts: list[tuple[str | None, str | None, Doc]] = []
    position = 0
    while position < len(docs):
        found = _stretch(docs, names, position, loop, numbered)
        if found is None:
            parts.append((names[position], None, docs[position]))
            position += 1
            continue
        stop, text = found
        parts.append((None, text, ""))
        position = stop
    if len(parts) == 1 and parts[0][1] is not None:
        text = parts[0][1]
        whole = text if numbered else text
        return Grouped((f"*[{text}]" if numbered else text,), f"[{whole}]" if numbered else whole, False)
    pairs = not numbered and any(text is not None for _, text, _ in parts)
    folded: list[Doc] = []
    for name, text, doc in parts:
        if text is not None:
            folded.append(f"*[{text}]")
        elif numbered or not name:
            folded.append(doc)
        else:
            folded.append(Group("(", (quoted(name), doc)))
    return Grouped(tuple(folded), None, pairs)


def _stretch(
    docs: Sequence[Doc], names: Sequence[str], start: int, loop: Loop, numbered: bool
) -> tuple[int, str] | None:
    """The end of the longest stretch of equal children from `start`, and its comprehension."""
    stop = start + 1
    text = str(docs[start])
    while stop < len(docs) and str(docs[stop]) == text:
        stop += 1
    body: str | None = text
    uses_k = False
    if stop - start < SHORTEST:
        body, stop, uses_k = _linear(docs, start, loop)
    if body is None:
        return None
    count = stop - start
    if numbered:
        return stop, f"{body} for {'k' if uses_k else '_'} in range({count})"
    label = _label(names[start:stop])
    return None if label is None else (stop, f"({label}, {body}) for k in range({count})")


def _linear(docs: Sequence[Doc], start: int, loop: Loop) -> tuple[str | None, int, bool]:
    """A stretch whose numbers grow evenly."""
    if loop is None:
        return None, start, False
    head = _head(docs[start])
    stop = start
    while stop < len(docs) and _head(docs[stop]) == head:
        stop += 1
    while stop - start >= SHORTEST:
        written = loop(start, stop)
        if written is not None:
            return str(written[0]), stop, written[1]
        stop -= 1
    return None, start, False


def _head(doc: Doc) -> str:
    return doc.opening if isinstance(doc, Group) else doc


def _label(names: Sequence[str]) -> str | None:
    """The names as an f-string over `k`."""
    matches = [_NUMBER.fullmatch(name) for name in names]
    if any(match is None for match in matches):
        return None
    parts = [match.groups() for match in matches if match is not None]
    numbers = [int(number) for _, number, _ in parts]
    if len({(head, tail) for head, _, tail in parts}) > 1 or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    head, _, tail = parts[0]
    k = "k" if numbers[0] == 0 else f"k + {numbers[0]}"
    return f'f"{head}{{{k}}}{tail}"'
