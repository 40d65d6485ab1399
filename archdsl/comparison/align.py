"""Which node of one network is which node of the other.

Scopes are aligned from the outside in. The children of two scopes are aligned as sequences, so that a
layer inserted into a numbered list is one insertion, although every number after it is another.
What two children have in common is their score (same op and fields, same block, similar content), and
the alignment with the highest sum wins. In a mapping the names decide first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

from archdsl.comparison.likeness import Likeness
from archdsl.ir.graph import Graph, Node, Scope

Part: TypeAlias = "Node | Scope"

SAME_NAME: Final = 2.0
"""What the same name is worth in a mapping: more than any likeness."""
SAME_NUMBER: Final = 0.01
"""What the same number is worth in a list: it decides between equals."""
RENAMED: Final = 0.75
"""How like each other two children of a mapping are that are one, renamed."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """A node or scope of each network that are one and the same, or one that the other network lacks."""

    before: Part | None
    after: Part | None
    children: tuple[Match, ...] = ()
    """Of two scopes that match, in running order of both."""

    def walk(self) -> Iterator[Match]:
        """The match and every one below it, each before what it holds."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(eq=False)
class Alignment:
    """All matches of two graphs."""

    root: Match
    inputs: tuple[Match, ...]
    after: dict[Part, Part] = field(default_factory=dict)
    """What an item of the first network is in the second."""
    before: dict[Part, Part] = field(default_factory=dict)


def align(before: Graph, after: Graph) -> Alignment:
    """Matches everything that the two networks have in common."""
    aligner = _Aligner(Likeness())
    made = Alignment(aligner.match(before.root, after.root), tuple(_inputs(before, after)))
    for match in (inner for outer in (made.root, *made.inputs) for inner in outer.walk()):
        if match.before is not None and match.after is not None:
            made.after[match.before] = match.after
            made.before[match.after] = match.before
    return made


def _inputs(before: Graph, after: Graph) -> list[Match]:
    """Inputs match by name; where both networks have as many, else by place."""
    names = list(before.inputs), list(after.inputs)
    if len(names[0]) == len(names[1]) and set(names[0]) != set(names[1]):
        return [Match(*pair) for pair in zip(before.inputs.values(), after.inputs.values(), strict=True)]
    kept = [Match(node, after.inputs.get(name)) for name, node in before.inputs.items()]
    return kept + [Match(None, node) for name, node in after.inputs.items() if name not in before.inputs]


class _Aligner:
    def __init__(self, likeness: Likeness) -> None:
        self._likeness = likeness

    def match(self, before: Part, after: Part) -> Match:
        if not (isinstance(before, Scope) and isinstance(after, Scope)):
            return Match(before, after)
        return Match(before, after, tuple(self._children(before, after)))

    def _children(self, before: Scope, after: Scope) -> list[Match]:
        old, new = list(before.children.values()), list(after.children.values())
        if _is_list(old) or _is_list(new):
            pairs = self._pairs(_Listed(self._likeness, old, new))
            return self._merged(old, new, pairs | _replaced(old, new, pairs))
        pairs = self._pairs(_Named(self._likeness, old, new))
        return self._merged(old, new, pairs | self._moved(old, new, pairs))

    def _pairs(self, score: _Listed) -> dict[int, int]:
        """The place in the second sequence of each of the first that is found there."""
        size = min(len(score.before), len(score.after))
        head = next((i for i in range(size) if not score.is_same(i, i)), size)
        tail = next((i for i in range(size - head) if not score.is_same(-1 - i, -1 - i)), size - head)
        pairs = {i: i for i in range(head)}
        ends = len(score.before) - tail, len(score.after) - tail
        pairs |= {ends[0] + i: ends[1] + i for i in range(tail)}
        middle = range(head, ends[0]), range(head, ends[1])
        if all(middle):
            pairs |= self._aligned(score, *middle)
        return pairs

    def _aligned(self, score: _Listed, old: range, new: range) -> dict[int, int]:
        """The alignment with the highest sum, the same whichever network comes first."""
        texts = [self._likeness.text(score.before[i]) for i in old], [self._likeness.text(score.after[i]) for i in new]
        scores = [[score.of(i, j) for j in new] for i in old]
        if (len(old), texts[0]) <= (len(new), texts[1]):
            found = best_pairs(scores)
        else:
            flipped = [list(column) for column in zip(*scores, strict=True)]
            found = [(i, j) for j, i in best_pairs(flipped)]
        return {old[i]: new[j] for i, j in found}

    def _moved(self, old: Sequence[Part], new: Sequence[Part], pairs: dict[int, int]) -> dict[int, int]:
        """Children of the same name that stand in another order."""
        places = {item.name: j for j, item in enumerate(new) if j not in set(pairs.values())}
        found = {i: places[item.name] for i, item in enumerate(old) if i not in pairs and item.name in places}
        return {i: j for i, j in found.items() if self._likeness.may_match(old[i], new[j])}

    def _merged(self, old: Sequence[Part], new: Sequence[Part], pairs: dict[int, int]) -> list[Match]:
        """Everything in running order: what is gone stands before what took its place."""
        found: list[Match] = []
        origin = {j: i for i, j in pairs.items()}
        done = 0
        for j, item in enumerate(new):
            i = origin.get(j)
            if i is not None:
                found += [Match(old[k], None) for k in range(done, i) if k not in pairs]
                done = max(done, i + 1)
                found.append(self.match(old[i], item))
            else:
                found.append(Match(None, item))
        return _gone_first(found + [Match(old[k], None) for k in range(done, len(old)) if k not in pairs])


def _replaced(old: Sequence[Part], new: Sequence[Part], pairs: dict[int, int]) -> dict[int, int]:
    """In gaps that hold as many nodes before as after, ops of one kind: a norm for a norm."""
    found: dict[int, int] = {}
    ends = [(-1, -1), *sorted(pairs.items()), (len(old), len(new))]
    for (i, j), (stop, other_stop) in pairwise(ends):
        if stop - i == other_stop - j:
            places = zip(range(i + 1, stop), range(j + 1, other_stop), strict=True)
            found |= {k: m for k, m in places if _is_of_one_kind(old[k], new[m])}
    return found


def _is_of_one_kind(before: Part, after: Part) -> bool:
    return isinstance(before, Node) and isinstance(after, Node) and before.op.kind is after.op.kind


def _gone_first(matches: list[Match]) -> list[Match]:
    """The matches, in each stretch of removed and added ones the removed first."""
    found: list[Match] = []
    start = 0
    for match in matches:
        if match.before is not None and match.after is not None:
            start = len(found) + 1
            found.append(match)
        elif match.after is None:
            found.insert(start, match)
            start += 1
        else:
            found.append(match)
    return found


class _Listed:
    """What two children of numbered lists are worth as a pair; 0 where they cannot be one."""

    def __init__(self, likeness: Likeness, before: Sequence[Part], after: Sequence[Part]) -> None:
        self.likeness = likeness
        self.before = before
        self.after = after

    def is_same(self, i: int, j: int) -> bool:
        """Whether nothing inside them differs: ends of such pairs need no search."""
        return self.likeness.is_same(self.before[i], self.after[j])

    def of(self, i: int, j: int) -> float:
        before, after = self.before[i], self.after[j]
        alike = self.likeness.of(before, after)
        return alike + SAME_NUMBER * is_called(before, after) if alike else 0


class _Named(_Listed):
    """The same for children of mappings."""

    def __init__(self, likeness: Likeness, before: Sequence[Part], after: Sequence[Part]) -> None:
        super().__init__(likeness, before, after)
        names = Counter(item.name for item in (*before, *after))
        self._shared = {name for name, count in names.items() if count > 1}

    def is_same(self, i: int, j: int) -> bool:
        return self.before[i].name == self.after[j].name and super().is_same(i, j)

    def of(self, i: int, j: int) -> float:
        before, after = self.before[i], self.after[j]
        if is_called(before, after):
            may = self.likeness.may_match(before, after)
            return SAME_NAME + self.likeness.of(before, after) if may else 0
        if before.name in self._shared or after.name in self._shared:
            return 0
        alike = self.likeness.of(before, after)
        return alike if alike >= RENAMED else 0


def is_called(before: Part, after: Part) -> bool:
    """Whether they have one name, also by what `was` says."""
    return before.name in (after.name, after.was) or before.was == after.name


def _is_list(children: Sequence[Part]) -> bool:
    return bool(children) and all(child.name.isdecimal() for child in children)


def best_pairs(scores: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs of row and column, both rising, with the highest sum of scores; 0 is no pair."""
    rows, columns = len(scores), len(scores[0])
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows - 1, -1, -1):
        row, below, score = best[i], best[i + 1], scores[i]
        for j in range(columns - 1, -1, -1):
            paired = below[j + 1] + score[j] if score[j] else 0.0
            row[j] = max(paired, below[j], row[j + 1])
    pairs = []
    i = j = 0
    while i < rows and j < columns:
        if scores[i][j] and best[i][j] == best[i + 1][j + 1] + scores[i][j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return pairs
