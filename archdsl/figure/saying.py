"""Sentences about a block's layers: their words, and how they are spelled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, TypeAlias

from archdsl.words.naming import ARROW, DOT, FLOW, Title
from archdsl.words.quantities import SPACE

MOST: Final = 8
"""The most layers that a line lists one by one."""
PLUS: Final = f"{SPACE}+ "


@dataclass(frozen=True)
class Abreast:
    """Ways side by side."""

    ways: tuple[Sentence, ...]


@dataclass(frozen=True)
class Counted:
    """Layers of which only the number is told."""

    text: str


Word: TypeAlias = Title | Abreast | Counted
Sentence: TypeAlias = tuple[Word, ...]
"""One thing after another."""


def length(found: Sentence) -> int:
    """How many layers a sentence names, equal ones in a row or side by side once."""
    return sum(
        sum(map(length, dict.fromkeys(word.ways))) if isinstance(word, Abreast) else 1 for word, _ in groupby(found)
    )


def spelled_out(found: Sentence) -> str:
    """`Conv 1×1, 64 → 3×3, 64 → 1×1, 256`."""
    text = ""
    before: Word | None = None
    for word, equal in groupby(found):
        own = _word(word, before, len(list(equal)), alone=len(found) == 1)
        # between sizes an arrow would read as one more size
        text += (DOT if _has_sizes(before) or _has_sizes(word) else ARROW) + own if text else own
        before = word
    return text


def listed(titles: Sequence[Title]) -> str:
    """Ops one after another, or what there is of them where they are many."""
    return spelled_out(tuple(titles)) if len(titles) <= MOST else counted(titles)


def counted(titles: Sequence[Title]) -> str:
    """`16 Conv · MaxPool`: what there is, each with its number."""
    counts: dict[str, int] = {}
    for each in titles:
        name = each.stem or each.name
        counts[name] = counts.get(name, 0) + 1
    return DOT.join(f"{count}{SPACE}{name}" if count > 1 else name for name, count in counts.items())


def titles_in(found: Sentence) -> Iterator[Title]:
    """Every title of a sentence."""
    for word in found:
        if isinstance(word, Abreast):
            yield from (title for way in word.ways for title in titles_in(way))
        elif isinstance(word, Title):
            yield word


def _has_sizes(word: Word | None) -> bool:
    return isinstance(word, Title) and FLOW in word.fields


def _word(word: Word, before: Word | None, times: int, *, alone: bool) -> str:
    if isinstance(word, Counted):
        return word.text
    if isinstance(word, Abreast):
        text = PLUS.join(_several(*way) for way in _ways(word))
        if not alone or times > 1:
            return _several(f"({text})", times)
        return f"{text},{SPACE}side{SPACE}by{SPACE}side" if len(set(word.ways)) == 1 else text
    is_known = isinstance(before, Title) and word.stem and before.stem == word.stem
    return _several((_without_stem(word) if is_known else word).text, times)


def _ways(abreast: Abreast) -> list[tuple[str, int]]:
    """The different ways, each with how many there are of it; of two the longer one first."""
    counts: dict[Sentence, int] = {}
    for way in abreast.ways:
        counts[way] = counts.get(way, 0) + 1
    found = list(counts)
    if len(found) == 2 and length(found[0]) < length(found[1]):
        found.reverse()
    return [(_way(way), counts[way]) for way in found]


def _way(way: Sentence) -> str:
    text = spelled_out(way)
    return f"({text})" if len(way) == 1 and isinstance(way[0], Abreast) else text


def _several(text: str, times: int) -> str:
    return f"{times}{SPACE}×{SPACE}{text}" if times > 1 else text


def _without_stem(part: Title) -> Title:
    short = part.name.removeprefix(part.stem).strip(SPACE)
    return part._replace(name=short) if short else part
