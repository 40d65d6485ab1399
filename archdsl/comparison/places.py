"""Many paths in few words: `layer1.0–2.bn1–3` for nine of them, and nothing that is not among them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Final, TypeAlias

_NUMBER = re.compile(r"(\d+)")
LISTED: Final = 4
"""The most patterns that are told; of more the number."""

PathPattern: TypeAlias = tuple["str | tuple[int, ...]", ...]
"""Text and sets of numbers, in turn."""


def patterns(paths: Iterable[str]) -> list[str]:
    """Patterns that stand for these paths and no others, in the order in which they begin."""
    found = [_split(path) for path in dict.fromkeys(paths)]
    for place in range(max(map(len, found), default=0), 0, -1):
        found = _joined(found, place)
    return ["".join(part if isinstance(part, str) else _numbers(part) for part in pattern) for pattern in found]


def listed(paths: Sequence[str]) -> str:
    """The patterns as one text, the last ones only counted."""
    made = patterns(paths)
    more = f" and {len(made) - LISTED} more places" if len(made) > LISTED + 1 else ""
    return ", ".join(made[:LISTED] if more else made) + more


def span(paths: Sequence[str]) -> str:
    """`layer3.6 … layer3.22` for neighbours."""
    return paths[0] if len(paths) == 1 else f"{paths[0]} … {paths[-1]}"


def _split(path: str) -> PathPattern:
    parts = _NUMBER.split(path)
    # a number with a leading zero would not come back as it was
    return tuple((int(part),) if i % 2 and str(int(part)) == part else part for i, part in enumerate(parts))


def _joined(found: Sequence[PathPattern], place: int) -> list[PathPattern]:
    """Patterns that differ in the numbers at one place alone, as one."""
    groups: dict[tuple[PathPattern, PathPattern], list[int]] = {}
    for index, pattern in enumerate(found):
        is_number = place < len(pattern) and isinstance(pattern[place], tuple)
        key = (pattern[:place], pattern[place + 1 :]) if is_number else (pattern, (str(index),))
        groups.setdefault(key, []).append(index)
    joined = []
    for indices in groups.values():
        first = found[indices[0]]
        if len(indices) > 1:
            numbers = tuple(sorted(number for i in indices for number in found[i][place] if isinstance(number, int)))
            first = (*first[:place], numbers, *first[place + 1 :])
        joined.append(first)
    return joined


def _numbers(numbers: tuple[int, ...]) -> str:
    """`0–5`; `{0,2,4–6}` where there are gaps."""
    ranges = [
        [number for _, number in group] for _, group in groupby(enumerate(numbers), lambda pair: pair[1] - pair[0])
    ]
    texts = [f"{run[0]}–{run[-1]}" if len(run) > 1 else str(run[0]) for run in ranges]
    return texts[0] if len(texts) == 1 else f"{{{','.join(texts)}}}"
