"""The lines of the spec that modules are written in."""

from __future__ import annotations

from pathlib import Path as FilePath
from textwrap import dedent
from typing import Any, Final

from archdsl.document.files import specs_folder
from archdsl.ir.graph import Graph, Item, Scope
from archdsl.ir.sites import Site
from archdsl.text.lines import split_lines

LONGEST: Final = 40
"""Of a longer piece only so many lines are shown."""


class Sources:
    """Pieces of spec files, each once."""

    def __init__(self, graph: Graph) -> None:
        self.pieces: list[dict[str, Any]] = []
        """Each with its file, its first line's number, its text, and how many lines more there are."""
        self._folder = graph.path.parent if graph.path is not None else FilePath()
        self._numbers: dict[tuple[str, int, int], int] = {}

    def written(self, item: Item) -> int | None:
        """The number of the piece that a module is written in."""
        return self._number(item.site) if item.site is not None else None

    def definition(self, scope: Scope) -> int | None:
        """The number of the piece in which its block is defined."""
        site = scope.definition
        if site is None or site.key_extent == site.extent:  # a whole file
            return None
        return self._number(site)

    def _number(self, site: Site) -> int:
        """The number of the piece that holds a key and its value."""
        span, first = site.span, site.key
        start = first.line
        place = span.file, start, span.end_line
        if place not in self._numbers:
            self._numbers[place] = len(self.pieces)
            lines = split_lines(site.lines.text)[start - 1 : span.end_line]
            more = {"more": len(lines) - LONGEST} if len(lines) > LONGEST else {}
            text = dedent("\n".join(lines[:LONGEST])).rstrip()
            self.pieces.append({"file": self._file(span.file), "line": start, "text": text, **more})
        return self._numbers[place]

    def _file(self, name: str) -> str:
        """The file as seen from the spec, for a page that leaves this machine."""
        path = FilePath(name).absolute()
        for folder, prefix in ((specs_folder().absolute(), "specs/"), (self._folder.absolute(), "")):
            if path.is_relative_to(folder):
                return f"{prefix}{path.relative_to(folder).as_posix()}"
        return path.name
