"""How mistakes are shown: as text, as data, and as commands of GitHub."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeAlias
from unicodedata import combining, east_asian_width

from archdsl.diagnostics.diagnostic import Diagnostic, Severity, ordered
from archdsl.faults.fault import Note, Span
from archdsl.text.lines import split_lines
from archdsl.text.plain_text import to_json, visible, visible_lines

SourceOf: TypeAlias = Callable[[str], "str | None"]
"""The text of a file by the name that spans give it; None where it is not at hand."""


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON list with one object for each diagnostic; absent values are null."""
    return to_json([_plain(found) for found in ordered(diagnostics)], indent=2)


def _plain(found: Diagnostic) -> dict[str, Any]:
    span = found.span._asdict() if found.span is not None else dict.fromkeys(Span._fields)
    notes = [note._asdict() for note in found.notes]
    edit = None if found.edit is None else {**found.edit.span._asdict(), "text": found.edit.text}
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        **span,
        "path": found.path,
        "notes": notes,
        "hint": found.hint,
        "edit": edit,
    }


def render_github(diagnostics: Iterable[Diagnostic]) -> str:
    """Workflow commands, which GitHub shows beside the lines that they are about."""
    return "\n".join(map(_command, ordered(diagnostics)))


def _command(found: Diagnostic) -> str:
    lines = [found.message, *(" ".join(filter(None, note)) for note in found.notes)]
    lines += [f"in {found.path}"] if found.path else []
    lines += [f"help: {found.hint}"] if found.hint else []
    fields = {**_location(found.span), "title": found.code}
    options = ",".join(f"{name}={_escape_property(str(value))}" for name, value in fields.items())
    text = _escape_data(visible_lines("\n".join(lines)))
    return f"::{found.severity.value} {options}::{text}"


def _location(span: Span | None) -> dict[str, str | int]:
    """GitHub takes columns only where a span stays on one line."""
    if span is None:
        return {}
    if span.line != span.end_line:
        return {"file": span.file, "line": span.line, "endLine": span.end_line}
    return {"file": span.file, "line": span.line, "col": span.column, "endColumn": span.end_column}


def _escape_data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")


_RESET: Final = "\x1b[0m"
_COLOURS: Final = {"error": "\x1b[1;31m", "warning": "\x1b[1;33m", "gutter": "\x1b[1;34m", "message": "\x1b[1m"}
_WIDEST_LINE: Final = 160
"""A longer source line is shown in part."""


def render_text(diagnostics: Iterable[Diagnostic], source_of: SourceOf, colour: bool) -> str:
    """For people: each mistake with its source line, and a closing line that counts them."""
    found = ordered(diagnostics)
    if not found:
        return ""
    lines = {name: split_lines(source_of(name) or "") for name in _files(found)}
    page = _Page(lines, colour)
    return "\n\n".join([*map(page.show, found), _closing(found)])


def _files(found: Iterable[Diagnostic]) -> list[str]:
    return [*dict.fromkeys(each.span.file for each in found if each.span is not None)]


def _closing(found: tuple[Diagnostic, ...]) -> str:
    errors = sum(each.severity is Severity.ERROR for each in found)
    counts = [_count(errors, "error"), _count(len(found) - errors, "warning")]
    files = _files(found)
    where = {0: "", 1: f" in {visible(files[0])}" if files else ""}.get(len(files), f" in {len(files)} files")
    return ", ".join(filter(None, counts)) + where


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'s' if number > 1 else ''}" if number else ""


class _Page:
    """Draws diagnostics; `lines` holds the lines of each file."""

    def __init__(self, lines: Mapping[str, list[str]], colour: bool) -> None:
        self.lines = lines
        self.colour = colour

    def show(self, found: Diagnostic) -> str:
        word = found.severity.value
        head = self.paint(f"{word}[{found.code}]", word) + self.paint(f": {visible(found.message)}", "message")
        width = len(str(found.span.line)) if found.span is not None else 1
        bar, sign = (self.paint(f"{' ' * width} {mark}", "gutter") for mark in "|=")
        rest = [f"{bar} {note}" for note in _aligned(found.notes)]
        rest += [f"{sign} in {visible(found.path)}"] if found.path else []
        rest += [f"{sign} help: {visible(found.hint)}"] if found.hint else []
        return "\n".join([head, *self.source(found, width, bar), *rest])

    def source(self, found: Diagnostic, width: int, bar: str) -> list[str]:
        """The position, and the source line with what is wrong underlined."""
        span = found.span
        if span is None:
            return []
        arrow = self.paint(f"{' ' * width}-->", "gutter")
        position = f"{arrow} {visible(span.file)}:{span.line}:{span.column}"
        lines = self.lines.get(span.file, [])
        if not 0 < span.line <= len(lines):
            return [position]
        shown, indent, carets = _underline(lines[span.line - 1], span)
        number = self.paint(f"{span.line} |", "gutter")
        marked = indent + self.paint("^" * carets, found.severity.value)
        return [position, bar, f"{number} {shown}".rstrip(), f"{bar} {marked}"]

    def paint(self, text: str, style: str) -> str:
        return f"{_COLOURS[style]}{text}{_RESET}" if self.colour else text


def _aligned(notes: tuple[Note, ...]) -> list[str]:
    """Subjects, values and details in columns."""
    shown = [Note(*map(visible, note)) for note in notes]
    subject = max((_cells(note.subject) for note in shown), default=0) + 2
    value = max((_cells(note.value) for note in shown), default=0) + 3
    return [(_fill(note.subject, subject) + _fill(note.value, value) + note.detail).rstrip() for note in shown]


def _underline(line: str, span: Span) -> tuple[str, str, int]:
    """The line as shown, what stands before the carets, and how many there are."""
    start = min(span.column - 1, len(line))
    end = min(span.end_column - 1, len(line)) if span.end_line == span.line else len(line.rstrip())
    low = max(0, min(start - _WIDEST_LINE // 4, len(line) - _WIDEST_LINE))
    high = low + _WIDEST_LINE
    before, marked = line[low:start], line[start : max(start, min(end, high))]
    shown = ("…" if low else "") + line[low:high] + ("…" if high < len(line) else "")
    indent = "".join("\t" if character == "\t" else " " * _cells(visible(character)) for character in before)
    return visible(shown), (" " if low else "") + indent, max(1, _cells(visible(marked)))


def _cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(0 if combining(each) else 2 if east_asian_width(each) in {"W", "F"} else 1 for each in text)


def _fill(text: str, width: int) -> str:
    return text + " " * (width - _cells(text))
