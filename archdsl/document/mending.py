"""Reading on after malformed YAML: the piece at which libyaml stops is covered, and the text is read again.

A cover is as long as what it hides, so that all other places stay true. What is covered becomes the expression that
it would be in quotes, an `UNKNOWN` value, or, where not even its key can be read, a `Gap` among the keys.
"""

from __future__ import annotations

import re
from typing import Any, Final

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.document.brackets import CODE
from archdsl.document.positions import Collection, Positions
from archdsl.document.template import UNIVERSAL
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.limits import current
from archdsl.text.lines import Lines

MOST: Final = 40
"""Pieces of a file that are covered before the rest is left unread."""
_FIRST: Final = 0xE000
"""Of the private characters that stand for covered pieces, one for each, so that covered keys differ."""
_ENTRY: Final = re.compile(r"(?P<lead>[ ]*(?:- +)*)(?P<key>(?:\"[^\"]*\"|'[^']*'|[^\s#\"'\[\]{}&*!|>%@`-][^#]*?): +)?")


class Mending:
    """The covers of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.lost = False
        """A whole line is gone."""
        self._covers: dict[int, Any] = {}
        """What stands at the offsets of covered pieces; None for a key."""
        self._tried: dict[int, int] = {}
        """How often each line was covered."""
        self._lines: set[int] = set()
        self._pieces = 0

    def cover(self, found: Diagnostic, lines: Lines) -> bool:
        """Covers the piece of a mistake; False where that does not help."""
        if found.span is None or self._pieces == MOST:
            return False
        self._pieces += 1
        if self._pieces * len(self.text) > current().limits.characters:  # the whole text is read once more for each
            return False
        self._lines |= {*range(found.span.line, found.span.end_line + 1)} if found.code != CODE else set()
        start = lines.starts[found.span.line - 1] + found.span.column - 1
        end = lines.starts[found.span.end_line - 1] + found.span.end_column - 1
        if found.code == CODE and "\n" not in self.text[start:end] and start not in self._covers:
            self._put(start, end, " ".join(self.text[start:end].split()))
            return True
        return self._cover_line(found.span.line, lines)

    def is_new(self, found: Diagnostic) -> bool:
        """Whether a mistake is on a line of which nothing has been covered: else it follows from the cover."""
        return found.span is None or found.span.line not in self._lines

    def filled(self, data: Any, root: Positions | None) -> Any:
        """The data of the whole text with what stands for the covered pieces."""
        data = self.fill(data, root)
        return {**data, Gap("…"): UNKNOWN} if self.lost and isinstance(data, dict) else data

    def fill(self, data: Any, place: Positions | None, nodes: bool = False) -> Any:
        """The data with what stands for the covered pieces; `nodes` says that it may be nodes.

        A list of other things with an item that is not known is not known itself.
        """
        if place is None:
            return data
        if not isinstance(place, Collection):
            return self._covers.get(place[0], data)
        self._place(place)
        if isinstance(data, list):
            filled = [self.fill(item, place.values.get(index), nodes) for index, item in enumerate(data)]
            return filled if nodes else UNKNOWN if UNKNOWN in filled else filled
        known: dict[str, Any] = {}
        for key, item in data.items():
            name = Gap(key) if self._is_gap(place, key) else key
            known[name] = self.fill(item, place.values.get(key), _nodes(key, data, nodes))
        return known

    def _place(self, box: Collection) -> None:
        """Gives covered expressions the places of their texts."""
        for step, inner in box.values.items():
            if isinstance(inner, Collection):
                continue
            found = self._covers.get(inner[0])
            if isinstance(found, str):
                box.values[step] = (inner[0], inner[0] + len(found), found, "")

    def _is_gap(self, box: Collection, key: str) -> bool:
        return key in box.keys and self._covers.get(box.keys[key][0], UNKNOWN) is None

    def _cover_line(self, number: int, lines: Lines) -> bool:
        """Covers the value of a line with what is indented below it, then the whole of it, then takes it away."""
        start = lines.starts[number - 1]
        tried = self._tried[number] = self._tried.get(number, 0) + 1
        end = self._end(number, lines)
        entry = _ENTRY.match(self.text, start)
        assert entry is not None
        if tried == 1 and entry.end() < self._line_end(start) and (entry["key"] or entry["lead"].rstrip()):
            self._put(entry.end(), end, UNKNOWN)
            return True
        whole = entry.end("lead")
        if tried <= 2 and whole + 2 <= self._line_end(start) and not entry["lead"].rstrip():
            self._put(whole, end, None)
            self.text = f"{self.text[: whole + 1]}:{self.text[whole + 2 :]}"
            return True
        self.lost = True
        self._blank(start, end)
        return tried <= 3

    def _end(self, number: int, lines: Lines) -> int:
        """Where what belongs to a line ends: at the next one that is indented no deeper."""
        indent = self._indent(lines.starts[number - 1])
        for start in lines.starts[number:]:
            line = self.text[start : self._line_end(start)]
            if line.strip() and not line.lstrip().startswith("#") and self._indent(start) <= indent:
                return start
        return len(self.text)

    def _indent(self, start: int) -> int:
        line = self.text[start : self._line_end(start)]
        return len(line) - len(line.lstrip(" "))

    def _line_end(self, start: int) -> int:
        end = self.text.find("\n", start)
        return len(self.text) if end < 0 else end

    def _put(self, start: int, end: int, value: Any) -> None:
        self._blank(start, end)
        self._covers[start] = value
        self.text = f"{self.text[:start]}{chr(_FIRST + self._pieces)}{self.text[start + 1 :]}"

    def _blank(self, start: int, end: int) -> None:
        covered = re.sub(r"[^\n\r]", " ", self.text[start:end])
        self.text = self.text[:start] + covered + self.text[end:]


def _nodes(key: str, around: dict[str, Any], nodes: bool) -> bool:
    """Whether what stands under a key may be nodes."""
    return key == "nodes" or (nodes and "op" not in around and key not in UNIVERSAL)
