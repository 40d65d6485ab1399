"""Where a backbone's maps meet again from the top down: a pyramid, found in who reads whom and in the levels of maps.

Theory of operation. A *backbone* is a chain that goes down to ever coarser maps. Its last map is made larger again,
step by step, and at each step a map of the backbone of that size joins, by way of layers of its own or of none. That
much is also a U; it is a pyramid where maps of several levels leave it, also where more chains up and down follow.

Steps stand in rows by their levels, and in columns: the backbone in the first one, each other step behind all of its
own row that it reads, and no further left than what it reads of other rows, so that chains from row to row run down or
up in one column. Equal steps of different rows stand in one column, where each row has as many of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence, Set
from fractions import Fraction
from itertools import pairwise
from typing import Final, NamedTuple

from archdsl.figure.slopes import Around, Tread, bits, places_of

JOINED: Final = 2
"""At so many levels maps of the backbone join."""
ALL: Final = -1
"""The row of what stands beside all rows: it reads several levels and makes none."""
ROUNDS: Final = 8
"""How often columns of equal steps are made equal: each round moves some to the right."""


class GridCell(NamedTuple):
    """Where in a figure of rows and columns a box stands."""

    column: int
    """0 is the backbone."""
    row: int
    """0 is the level of the coarsest maps, which stands at the top; or `ALL`."""


def pyramid_of(
    treads: Sequence[Tread], kinds: Sequence[Hashable], ends: Set[int] = frozenset(), plain: Set[int] = frozenset()
) -> list[GridCell] | None:
    """The cell of each step; None where they are no pyramid.

    Steps of equal kinds do the same to other maps; the values of those in `ends` leave the network; those in `plain`
    have no layer, and stand with what they make a map larger for.
    """
    around = Around(treads)
    risen = next((i for i in range(len(treads)) if _above(treads, i)), None)
    if risen is None:
        return None
    top = max(_above(treads, risen), key=lambda i: _level(treads, i))
    backbone = [i for i in places_of(around.before[top] | 1 << top) if treads[i].level is not None]
    if any(_level(treads, a) > _level(treads, b) for a, b in pairwise(backbone)):
        return None
    if any(i not in backbone and not around.before[i] & bits(backbone) for i in range(len(treads))):
        return None
    joined = dict(_laterals(treads, around, backbone, top))
    if len({treads[i].level for i in joined}) < JOINED or not _is_open(treads, around, max(joined), top, ends):
        return None
    last = [i for i in backbone if treads[i].level == treads[top].level]
    # what the last map of the backbone goes through stands with what the others do
    own = set(backbone) - set(last[len(last) - min(max(joined.values()), len(last) - 1) :])
    rows = sorted({tread.level for tread in treads if tread.level is not None}, reverse=True)
    led = {i: readers[0] for i in plain if _above(treads, i) and len(readers := _readers(treads, i)) == 1}
    columns = _columns(treads, own, kinds, {i: j for i, j in led.items() if treads[i].level == treads[j].level})
    return [
        GridCell(column, rows.index(tread.level) if tread.level is not None else ALL)
        for column, tread in zip(columns, treads, strict=True)
    ]


def _level(treads: Sequence[Tread], step: int) -> Fraction:
    level = treads[step].level
    assert level is not None
    return level


def _above(treads: Sequence[Tread], step: int) -> list[int]:
    """The steps with coarser maps that a step reads and makes larger."""
    own = treads[step].level
    read = ((source, treads[source].level) for source in treads[step].reads)
    return [source for source, level in read if own is not None and level is not None and level > own]


def _laterals(
    treads: Sequence[Tread], around: Around, backbone: Sequence[int], top: int
) -> Iterator[tuple[int, int]]:  # fmt: skip
    """The steps at which a map of the backbone joins what comes from the top, each with how many steps that takes."""
    lower = around.behind[top] | 1 << top
    for step, tread in enumerate(treads):
        if not any(lower >> source & 1 for source in tread.reads):
            continue
        for source, level in tread.reads.items():
            length, origin = 0, source
            while level is not None and origin not in backbone and not lower >> origin & 1 and treads[origin].reads:
                length, origin = length + 1, max(treads[origin].reads)
            if (
                level is not None
                and origin in backbone
                and treads[origin].level == level == tread.level
                and origin != top
            ):
                yield step, length


def _is_open(treads: Sequence[Tread], around: Around, finest: int, top: int, ends: Set[int]) -> bool:
    """Whether maps of several levels leave the chain from the top."""
    inner = around.before[finest] | 1 << finest
    chain = places_of((around.behind[top] | 1 << top) & inner)
    read = {source for i, tread in enumerate(treads) if not inner >> i & 1 for source in tread.reads} | ends
    return len({treads[i].level for i in chain if i in read}) >= JOINED


def _readers(treads: Sequence[Tread], step: int) -> list[int]:
    return [i for i, tread in enumerate(treads) if step in tread.reads]


def _columns(
    treads: Sequence[Tread], backbone: Set[int], kinds: Sequence[Hashable], led: Mapping[int, int]
) -> list[int]:
    """The column of each step; those in `led` stand with what reads them."""
    alike = _alike(treads, backbone, kinds)
    least: dict[int, int] = defaultdict(int)
    columns: list[int] = []
    for _ in range(ROUNDS):
        columns = []
        for i, tread in enumerate(treads):
            free = [s for s in tread.reads if s not in backbone and (s in led or treads[s].level != tread.level)]
            behind = [columns[s] + (s not in free or tread.level is None) for s in tread.reads]
            columns.append(0 if i in backbone else max([1, *behind, least[i]]))
        wanted = {i: max(columns[j] for j in alike[i]) for i in alike} | {i: columns[j] for i, j in led.items()}
        if all(columns[i] == column for i, column in wanted.items()):
            return columns
        least.update(wanted)
    # equal steps that follow each other drive one another to the right
    return columns if not alike else _columns(treads, backbone, range(len(treads)), led)


def _alike(treads: Sequence[Tread], backbone: Set[int], kinds: Sequence[Hashable]) -> dict[int, list[int]]:
    """By step those of other rows that are to stand in its column."""
    rows: dict[Hashable, Counter[Fraction | None]] = defaultdict(Counter)
    groups: dict[Hashable, list[int]] = defaultdict(list)
    for i, tread in enumerate(treads):
        if i not in backbone:
            groups[kinds[i], rows[kinds[i]][tread.level]].append(i)
            rows[kinds[i]][tread.level] += 1
    even = {kind for kind, counts in rows.items() if len(set(counts.values())) == 1}
    return {i: group for group in groups.values() if kinds[group[0]] in even and len(group) > 1 for i in group}
