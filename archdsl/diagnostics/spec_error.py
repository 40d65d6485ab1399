"""What the functions of the package raise for a spec with mistakes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from archdsl.diagnostics.diagnostic import Diagnostic, ordered
from archdsl.diagnostics.rendering import render_text


class SpecError(Exception):
    """A spec with mistakes. `str()` gives the rendered text; `diagnostics` the mistakes.

    `sources` holds the texts of the files by the names that the spans give them.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic], sources: Mapping[str, str] | None = None) -> None:
        self.diagnostics = ordered(diagnostics)
        self.sources = dict(sources or {})
        super().__init__(self.diagnostics, self.sources)

    def __str__(self) -> str:
        return render_text(self.diagnostics, self.sources.get, colour=False)
