"""The blocks that changed, with what they count: the few highest ones that tell where."""

from __future__ import annotations

from typing import Final, NamedTuple

from archdsl.comparison.align import Match
from archdsl.comparison.compare import Comparison, Counts, Sign
from archdsl.ir.graph import Scope, ScopeKind
from archdsl.shapes import TensorType

MOST: Final = 16
"""Rows beyond this are not worth the opening of a list."""


class BlockRow(NamedTuple):
    """A child of the network, or of the list that holds all that changed."""

    sign: Sign | None
    """None where nothing but shapes and sizes is another."""
    path: str
    """In the second network, or in the first where it was removed."""
    name: str
    """The path, or where it is another both."""
    shapes: tuple[tuple[TensorType, ...], tuple[TensorType, ...]]
    counts: tuple[Counts, Counts]


def block_rows(comparison: Comparison) -> list[BlockRow]:
    """In running order; empty where they would repeat the changes."""
    touched = _Touched(comparison)
    matches = touched.children(comparison.alignment.root)
    while (opened := _opened(touched, matches)) is not None:
        matches = opened
    if all(touched.is_change(match) for match in matches):
        return []
    return [_row(comparison, touched, match) for match in matches]


def _opened(touched: _Touched, matches: list[Match]) -> list[Match] | None:
    """The rows with the one list or container among them opened; None where that would not help."""
    openable = [match for match in matches if match.children and _is_transparent(match)]
    if len(openable) != 1:
        return None
    at = matches.index(openable[0])
    found = [*matches[:at], *touched.children(openable[0]), *matches[at + 1 :]]
    return found if len(found) <= MOST else None


def _is_transparent(match: Match) -> bool:
    return isinstance(match.after, Scope) and match.after.kind is not ScopeKind.BLOCK


class _Touched:
    """Which matches hold a change, or a node whose shapes are others."""

    def __init__(self, comparison: Comparison) -> None:
        self._changes = {(change.before, change.after) for change in comparison.changes}
        self._followers = set(comparison.followers)
        self._found: dict[Match, bool] = {}

    def children(self, match: Match) -> list[Match]:
        return [child for child in match.children if self.holds_change(child) or self._holds_follower(child)]

    def is_change(self, match: Match) -> bool:
        return (match.before, match.after) in self._changes

    def holds_change(self, match: Match) -> bool:
        if match not in self._found:
            self._found[match] = self.is_change(match) or any(map(self.holds_change, match.children))
        return self._found[match]

    def _holds_follower(self, match: Match) -> bool:
        return (match.before, match.after) in self._followers or any(map(self._holds_follower, match.children))


def _row(comparison: Comparison, touched: _Touched, match: Match) -> BlockRow:
    before, after = match.before, match.after
    paths = [part.path for part in (before, after) if part is not None]
    return BlockRow(
        sign=_sign(touched, match),
        path=paths[-1],
        name=" → ".join(dict.fromkeys(paths)),
        shapes=(comparison.types(before, 0), comparison.types(after, 1)),
        counts=(comparison.counts(before, 0), comparison.counts(after, 1)),
    )


def _sign(touched: _Touched, match: Match) -> Sign | None:
    if match.before is None:
        return Sign.ADDED
    if match.after is None:
        return Sign.REMOVED
    return Sign.ALTERED if touched.holds_change(match) else None
