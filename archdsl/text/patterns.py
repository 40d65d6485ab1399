"""Patterns in which a `*` stands for any text, dots included, matched in linear time.

No regular expression: `*a*a*a*b` makes one try every way to share a text out. Pieces between stars are placed
from the end, each as far back as it goes; so each star takes as much as it can, the first one most of all.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import final

from archdsl.limits import current

STAR = "*"


def match(pattern: str, text: str) -> tuple[str, ...] | None:
    """What each `*` of a pattern stands for in a text; None where it does not match."""
    return _shared(pattern.split(STAR), text)


def _shared(pieces: list[str], text: str) -> tuple[str, ...] | None:
    """What stands between the pieces of a pattern."""
    first, last = pieces[0], pieces[-1]
    if len(pieces) == 1:
        return () if first == text else None
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return None
    between = text[len(first) : len(text) - len(last)]
    return (between,) if len(pieces) == 2 else _placed(pieces[1:-1], between)


def _placed(middle: list[str], between: str) -> tuple[str, ...] | None:
    """The same for what stands between the first and the last piece."""
    # From the end, in texts written backwards: `find` is linear, and `rfind` is not.
    rest = between[::-1]
    found: list[str] = []
    place = 0
    for piece in reversed(middle):
        there = rest.find(piece[::-1], place)
        if there < 0:
            return None
        found.append(rest[place:there][::-1])
        place = there + len(piece)
    return (*reversed([*found, rest[place:][::-1]]),)


def filled(pattern: str, texts: Iterable[str]) -> str:
    """The pattern with a text in place of each `*`."""
    pieces, given = pattern.split(STAR), [*texts, ""]
    return "".join(piece + text for piece, text in zip(pieces, given, strict=True))


@final
class Paths:
    """Paths to find by pattern: only those that begin or end as a pattern does are compared with it.

    They are looked through when the first is sought: most specs have no pattern.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = paths

    @cached_property
    def _forward(self) -> list[str]:
        return sorted(set(self._paths))

    @cached_property
    def _backward(self) -> list[str]:
        return sorted(path[::-1] for path in self._forward)

    def matching(self, pattern: str) -> Iterator[str]:
        """The paths that a pattern matches. Raises TooLarge where that takes too many comparisons."""
        first, star, _ = pattern.partition(STAR)
        if not star:
            return iter(_beginning(self._forward, pattern)[:1]) if _holds(self._forward, pattern) else iter(())
        last = pattern.rpartition(STAR)[2]
        candidates = _beginning(self._forward, first) if first else self._ending(last)
        return _matching(candidates, pattern)

    def _ending(self, last: str) -> list[str]:
        if not last:
            return self._forward
        return [path[::-1] for path in _beginning(self._backward, last[::-1])]


def _matching(candidates: list[str], pattern: str) -> Iterator[str]:
    budget, pieces = current(), pattern.split(STAR)
    for start in range(0, len(candidates), _AT_ONCE):
        some = candidates[start : start + _AT_ONCE]
        budget.spend("matches", len(some))
        yield from (path for path in some if _shared(pieces, path) is not None)


_AT_ONCE = 1000
"""The comparisons that are counted together."""


def _holds(ordered: list[str], path: str) -> bool:
    place = bisect_left(ordered, path)
    return place < len(ordered) and ordered[place] == path


def _beginning(ordered: list[str], start: str) -> list[str]:
    """Those that begin with a text."""
    return ordered[bisect_left(ordered, start) : bisect_left(ordered, start + chr(0x10FFFF))]
