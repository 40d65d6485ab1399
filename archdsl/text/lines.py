"""Lines as YAML 1.2 and editors have them: ended by a line feed, a carriage return or both, and by nothing else.

Python ends lines at more characters, and so does libyaml: at the next line (U+0085), and at the line and paragraph
separators (U+2028, U+2029) that come with pasted text.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import cached_property
from typing import Final, final

from archdsl.faults.fault import Span

_END: Final = r"\r\n?|\n"
_LINE: Final = rf"[^\r\n]*(?:{_END})|[^\r\n]+"
_SEPARATORS: Final = "\x85\u2028\u2029"
_PRIVATE: Final = 0xF0000
"""The first code point of a private plane."""


def split_lines(text: str, keepends: bool = False) -> list[str]:
    """The lines of a text, as `str.splitlines`, but for what ends one."""
    found = re.findall(_LINE, text)
    return found if keepends else [line.rstrip("\r\n") for line in found]


def hidden_separators(text: str) -> tuple[str, dict[int, str]]:
    """The text with a private character for each separator, and the table that brings them back, mostly empty."""
    separators = [each for each in _SEPARATORS if each in text]
    if not separators:
        return text, {}
    taken = {*text}
    free = (chr(code) for code in range(_PRIVATE, _PRIVATE + len(taken) + len(separators)) if chr(code) not in taken)
    stand_ins = dict(zip(separators, free, strict=False))
    return text.translate({ord(old): new for old, new in stand_ins.items()}), {
        ord(new): old for old, new in stand_ins.items()
    }


@final
class Lines:
    """The text of a file, with the lines and columns of offsets into it."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text

    @cached_property
    def starts(self) -> list[int]:
        return [0, *(each.end() for each in re.finditer(_END, self.text))]

    def place(self, offset: int) -> tuple[int, int]:
        """The line and column of an offset, both from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def span(self, start: int, end: int) -> Span:
        return Span(self.file, *self.place(start), *self.place(max(start, end)))
