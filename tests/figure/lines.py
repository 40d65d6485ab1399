"""Whether what a figure says of several copies is true of one of them."""

from __future__ import annotations

import re

_N = r"(\d+(?:\.\d+)?)"
_SPREAD = re.compile(rf"first\s{_N},\sthen\s{_N}|{_N}–{_N}|{_N}")
_NOTE = re.compile(r"\s?\(?(?:in|after)\sthe\sfirst(?:\s\d+)?\)?|\s?\(?in\s\d+\sof\s\d+\)?")
_OR = re.compile(r"\d+×\d+(?:\sor\s\d+×\d+)+")
_COUNTED = re.compile(r"(?:^|·\s)(?:\d+–)?\d+\s[A-Z]")
_ABREAST = re.compile(r"\s\+\s")


def says(text: str, line: str, turn: int, aside: str) -> bool:
    """Whether a text for several copies is true of one of them, which alone says `line`.

    `96–384` is any number between them; of `first 96, then 144` each copy is one. What an aside says of the first
    alone, that it halves the resolution or has a shortcut of its own, need not stand in the text.
    """
    if text.startswith("first") and "; then" in text:
        text = text.removeprefix("first\xa0").split("; then\xa0")[turn > 0]
    if turn == 0 and "first" in aside:
        line, text = (re.sub(r",\s/\d+", "", each) for each in (line, text))
        if "\xa0+ " in line and "+" not in text:
            line = line.rpartition("\xa0+ ")[0]
        line, text = map(_one_by_one, (line, text))
    if any(pattern.search(text) for pattern in (_NOTE, _OR, _COUNTED, _ABREAST)):
        return _mentions(text, line, turn)
    pattern, end = "", 0
    spans: list[tuple[float, float]] = []
    for found in _SPREAD.finditer(text):
        spans.append(_span(found, turn))
        pattern += re.escape(text[end : found.start()]) + _N
        end = found.end()
    matched = re.fullmatch(pattern + re.escape(text[end:]), line)
    return matched is not None and all(
        low <= float(number) <= high for number, (low, high) in zip(matched.groups(), spans, strict=True)
    )


def _mentions(text: str, line: str, turn: int) -> bool:
    """Of a text that tells what only some copies have: whether it has all words of one copy's line, and its numbers."""
    words = set(re.findall(r"[A-Z]\w+", line)) <= set(re.findall(r"[A-Z]\w+", text))
    if _COUNTED.search(text):
        return words  # layers are counted, and no number of theirs is told
    spans = [_span(found, turn) for found in _SPREAD.finditer(_NOTE.sub("", text))]
    numbers = re.findall(_N, re.sub(r"\d+\s×\s", "", line))
    return words and all(any(low <= float(number) <= high for low, high in spans) for number in numbers)


def _one_by_one(text: str) -> str:
    """`2 × Conv 3×3, 64` as `Conv 3×3, 64 → 3×3, 64`."""
    found = re.match(r"(\d+)\s×\s(\w+)\s([^→+]*)$", text)
    if found is None:
        return text
    times, name, rest = found.groups()
    return f"{name}\xa0" + "\xa0→ ".join([rest] * int(times))


def _span(found: re.Match[str], turn: int) -> tuple[float, float]:
    """The numbers between which one copy's is."""
    first, then, low, high, exact = found.groups()
    if first is None:
        return float(low or exact), float(high or exact)
    return (float(first), float(first)) if turn == 0 else (float(then), float(then))
