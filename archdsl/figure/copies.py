"""One sentence for several copies of a block: what differs between them is a range, or told with where it is.

`96–384` is any number between them; `first 96, then 144` is said where it is the only one that differs. What some
copies alone have is told with which: `in the first 3`, `after the first`, `in 5 of 26`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Final

from archdsl.figure.saying import MOST, Abreast, Counted, Sentence, Word, length, spelled_out, titles_in
from archdsl.words.naming import DOT, Title, fixed
from archdsl.words.quantities import SPACE

NOTES: Final = 3
"""With more that stands in some copies alone, layers are counted."""
OTHERS: Final = 3
"""The most kernel sizes that are told instead of each other."""

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_HALVED: Final = re.compile(r"/\d+")
_COMMA: Final = re.compile(rf",{SPACE}")

At = Mapping[int, str]
"""What copies say, by their number."""


def one_for_all(found: Sequence[Sentence], *, halved: bool = False, more: bool = False) -> Sentence | None:
    """The sentence for all copies; None where they have too little in common.

    Told elsewhere is that the first makes the resolution smaller (`halved`), and what it has `more` than the others.
    """
    if more and len(found) > 1:
        found = [_main_way(found[0], [_key(word) for word in found[1]]), *found[1:]]
    if len(set(found)) == 1:
        return found[0]
    copies = _Copies(len(found), halved)
    said = copies.joined(dict(enumerate(found)))
    if said is None or copies.notes > NOTES:
        return _first_apart(found) or _numbered(found)
    # the one number that differs may be told copy by copy
    return _Copies(len(found), halved, by_turns=True).joined(dict(enumerate(found))) if copies.spreads == 1 else said


@dataclass
class _Copies:
    """Joins what copies say."""

    count: int
    halved: bool
    by_turns: bool = False
    spreads: int = 0
    """The numbers that differ so far."""
    notes: int = 0
    """What stands in some copies alone so far."""

    def joined(self, found: Mapping[int, Sentence]) -> Sentence | None:
        """One sentence for those of some copies."""
        columns = _aligned(found)
        if len(columns) > MOST and len({len(each) for each in found.values()}) > 1:
            return None
        words: list[Word] = []
        for column in columns:
            word = self._word(column, found)
            if word is None:
                return None
            words.append(word)
        return tuple(words)

    def _word(self, column: Mapping[int, Word], among: Mapping[int, Sentence]) -> Word | None:
        titles = {copy: word for copy, word in column.items() if isinstance(word, Title)}
        if len(titles) == len(column):
            note = self._where(titles, among)
            title = self._title(titles)
            return _noted(title, note) if title is not None and note else title
        if len(column) < len(among):
            return None
        ways = {copy: word.ways for copy, word in column.items() if isinstance(word, Abreast)}
        if len(ways) == len(column) and len({len(each) for each in ways.values()}) == 1:
            found = [self.joined({copy: each[place] for copy, each in ways.items()}) for place in _places(ways)]
            return Abreast(tuple(each for each in found if each is not None)) if None not in found else None
        texts = {copy: word.text for copy, word in column.items() if isinstance(word, Counted)}
        text = self._numbers(texts) if len(texts) == len(column) else None
        return Counted(text) if text is not None else None

    def _title(self, titles: Mapping[int, Title]) -> Title | None:
        """The title of one op or block in several copies."""
        one = next(iter(titles.values()))
        name = self._name({copy: title.name for copy, title in titles.items()}, one.stem)
        if name is None or len({title.comma for title in titles.values()}) > 1:
            return None
        parts = {copy: self._parts(copy, title) for copy, title in titles.items()}
        fields = [self._part({copy: own[key] for copy, own in parts.items() if key in own}, titles)
                  for key in _union([list(own) for own in parts.values()])]  # fmt: skip
        return one._replace(name=name, fields=f",{SPACE}".join(fields))

    def _name(self, names: At, stem: str) -> str | None:
        """`Conv 3×3`, `Conv 3×3 or 5×5`."""
        distinct = list(dict.fromkeys(names.values()))
        if len(distinct) == 1:
            return distinct[0]
        kernels = [name.removeprefix(stem).strip(SPACE) for name in distinct]
        return f"{stem}{SPACE}{f'{SPACE}or{SPACE}'.join(kernels)}" if len(kernels) <= OTHERS and all(kernels) else None

    def _parts(self, copy: int, title: Title) -> dict[Hashable, str]:
        """The fields of a title by what they are without their numbers."""
        parts = [part for part in _COMMA.split(title.fields) if part]
        if self.halved and copy == 0:
            parts = [part for part in parts if not _HALVED.fullmatch(part)]
        return {_NUMBER.sub("#", part): part for part in parts}

    def _part(self, texts: At, among: Mapping[int, Title]) -> str:
        note = self._where(texts, among)
        text = self._numbers(texts)
        assert text is not None, "parts are told apart by all but their numbers"
        return f"{text}{SPACE}{note}" if note else text

    def _numbers(self, texts: At) -> str | None:
        """Texts that differ in numbers alone as one; None where they differ more."""
        if len({_NUMBER.sub("#", text) for text in texts.values()}) != 1:
            return None
        columns = zip(*(_NUMBER.findall(text) for text in texts.values()), strict=True)
        spans = iter([self._span(column) for column in columns])
        return _NUMBER.sub(lambda _: next(spans), next(iter(texts.values())))

    def _span(self, numbers: Sequence[str]) -> str:
        if len(set(numbers)) == 1:
            return numbers[0]
        self.spreads += 1
        first, *others = numbers
        if self.by_turns and len(set(others)) == 1 and len(numbers) == self.count:
            return f"first{SPACE}{first},{SPACE}then{SPACE}{others[0]}"
        return f"{min(numbers, key=float)}–{max(numbers, key=float)}"

    def _where(self, having: Iterable[int], among: Iterable[int]) -> str:
        """`in the first 3`: which of these copies have something; empty for all."""
        own, every = sorted(having), sorted(among)
        if own == every:
            return ""
        self.notes += 1
        if own == every[: len(own)]:
            return fixed(f"in the first{f' {len(own)}' if len(own) > 1 else ''}")
        if own == every[-len(own) :]:
            before = len(every) - len(own)
            return fixed(f"after the first{f' {before}' if before > 1 else ''}")
        return fixed(f"in {len(own)} of {self.count}")


def _first_apart(found: Sequence[Sentence]) -> Sentence | None:
    """`first A; then B` where all copies but the first are alike, and both are short."""
    first, *others = found
    if len(set(others)) > 1 or length(first) + length(others[0]) > MOST:
        return None
    return (Counted(f"first{SPACE}{spelled_out(first)}; then{SPACE}{spelled_out(others[0])}"),)


def _numbered(found: Sequence[Sentence]) -> Sentence | None:
    """`2–4 Conv`: how many layers of each sort the copies have; None where some have been counted already."""
    counts = [Counter(title.stem or title.name for title in titles_in(each)) for each in found]
    if any(isinstance(word, Counted) for each in found for word in each):
        return None
    sorts = dict.fromkeys(sort for each in counts for sort in each)
    spans = {sort: (min(each[sort] for each in counts), max(each[sort] for each in counts)) for sort in sorts}
    return (Counted(DOT.join(_times(sort, *span) for sort, span in spans.items())),)


def _times(sort: str, least: int, most: int) -> str:
    number = f"{least}–{most}" if least < most else str(most)
    return sort if number == "1" else f"{number}{SPACE}{sort}"


def _main_way(one: Sentence, keys: Sequence[Hashable]) -> Sentence:
    """Of ways side by side, alone in a sentence, the one with words of these kinds."""
    (word, *others) = one or (None,)
    if others or not isinstance(word, Abreast):
        return one
    return next((way for way in word.ways if [_key(each) for each in way] == keys), one)


def _noted(title: Title, note: str) -> Title:
    if title.fields:
        return title._replace(fields=f"{title.fields}{SPACE}({note})")
    return title._replace(name=f"{title.name}{SPACE}({note})")


def _places(ways: Mapping[int, Sequence[Sentence]]) -> range:
    return range(len(next(iter(ways.values()))))


def _aligned(found: Mapping[int, Sentence]) -> list[dict[int, Word]]:
    """The words of sentences, those that are of one kind and place together, each by its copy."""
    keys = {copy: [_key(word) for word in each] for copy, each in found.items()}
    order = _union(list(keys.values()))
    columns: list[dict[int, Word]] = [{} for _ in order]
    for copy, own in keys.items():
        place = 0
        for key, word in zip(own, found[copy], strict=True):
            place = order.index(key, place)
            columns[place][copy] = word
            place += 1
    return [column for column in columns if column]  # what comes twice in the order may be taken once by all


def _union(sequences: Sequence[Sequence[Hashable]]) -> list[Hashable]:
    """A sequence that holds each of these, in its order, and is about as short as can be."""
    order = list(sequences[0])
    for each in dict.fromkeys(map(tuple, sequences[1:])):
        longer: list[Hashable] = []
        for _, start, stop, first, last in SequenceMatcher(None, order, each, autojunk=False).get_opcodes():
            longer += order[start:stop]
            longer += [] if order[start:stop] == list(each[first:last]) else each[first:last]
        order = longer
    return order


def _key(word: Word) -> Hashable:
    """What makes words of two copies the same word."""
    return (word.stem or word.name) if isinstance(word, Title) else type(word).__name__
