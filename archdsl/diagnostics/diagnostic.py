"""A mistake at its place."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from archdsl.faults.code import Code
from archdsl.faults.fault import Note, Span
from archdsl.limits import MAX_MESSAGE


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Edit(NamedTuple):
    """A change of a file: what stands at `span` becomes `text`."""

    span: Span
    text: str


class Diagnostic(NamedTuple):
    """One mistake: what, where, and what to do."""

    code: Code
    message: str
    span: Span | None
    severity: Severity = Severity.ERROR
    path: str | None = None
    """The place in the network: `layer1.0, first of 3`."""
    notes: tuple[Note, ...] = ()
    hint: str | None = None
    instead: str | None = None
    """What surely mends it, in place of what stands at `span`."""

    @property
    def edit(self) -> Edit | None:
        """The change that surely mends it, where one does: for `check --fix`, and for editors."""
        return None if self.span is None or self.instead is None else Edit(self.span, self.instead)


def shortened(text: str) -> str:
    """A message that quotes a spec, of bounded length."""
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and position, each once; those without a position come first."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda found: found.span or ("", 0, 0, 0, 0)))
