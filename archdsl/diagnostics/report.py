"""Where mistakes are told: each once."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Final, final

from archdsl.diagnostics.diagnostic import Diagnostic, Severity, shortened
from archdsl.faults.fault import Cause, Fault, Note, Span

_SHOWN: Final = 8
"""Further places of one wrong value that are listed."""


def itself(found: Diagnostic) -> Hashable:
    """What tellings of one mistake have in common while files are read: all."""
    return found


def code_and_span(found: Diagnostic) -> Hashable:
    """What tellings of one mistake have in common in a network, where one place of a file is used often."""
    return found.code, found.span


@final
class Report:
    """The one place where mistakes are told: each once, with in how many places of the network it was met."""

    def __init__(self, same: Callable[[Diagnostic], Hashable] = itself) -> None:
        """`same` gives what tellings of one mistake have in common."""
        self._same = same
        self._found: dict[Hashable, Diagnostic] = {}
        self._met: dict[Hashable, set[str | None]] = {}

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """In the order in which they were told; one wrong value that is read in several places is one mistake."""
        by_cause: dict[Hashable, list[Diagnostic]] = {}
        for key, found in self._found.items():
            by_cause.setdefault(_cause(found) or key, []).append(self._counted(key, found))
        return tuple(_together(found) for found in by_cause.values())

    @property
    def count(self) -> int:
        """How many have been found."""
        return len(self._found)

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(found.severity is Severity.ERROR for found in self._found.values())

    def add(self, *diagnostics: Diagnostic) -> None:
        for found in diagnostics:
            key = self._same(found)
            self._found.setdefault(key, found)
            self._met.setdefault(key, set()).add(found.path)

    def tell(
        self, fault: Fault, span: Span | None, path: str | None = None, severity: Severity = Severity.ERROR
    ) -> None:
        """Adds a fault at its place in a file and, where it has one, in the network; long words are cut."""
        hint = None if fault.hint is None else shortened(fault.hint)
        message = shortened(fault.message)
        self.add(Diagnostic(fault.code, message, span, severity, path or None, fault.notes, hint, fault.instead))

    def _counted(self, key: Hashable, found: Diagnostic) -> Diagnostic:
        met = len(self._met[key])
        return found if met == 1 or found.path is None else found._replace(path=f"{found.path}, first of {met}")


def _cause(found: Diagnostic) -> Hashable:
    """What tellings of one wrong value have in common; None for other mistakes."""
    if not any(isinstance(note, Cause) for note in found.notes):
        return None
    return found.code, found.message, found.severity, found.notes


def _together(found: list[Diagnostic]) -> Diagnostic:
    """The first, with where the others stand."""
    first, *others = found
    spans = sorted(each.span for each in others if each.span is not None)
    places = list(dict.fromkeys(_place(span, first.span) for span in spans))
    if not places:
        return first
    more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
    return first._replace(notes=(*first.notes, Note("also", "", "in line " + ", ".join(places[:_SHOWN]) + more)))


def _place(span: Span, beside: Span | None) -> str:
    return f"{span.line}" if beside is not None and span.file == beside.file else f"{span.line} of {span.file}"
