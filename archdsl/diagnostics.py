"""Mistakes in a spec, as values, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias
from unicodedata import combining, east_asian_width

from archdsl.limits import MAX_MESSAGE, MAX_NAME, current
from archdsl.lines import split_lines
from archdsl.plain_text import to_json, visible, visible_lines


class Severity(Enum):
    ERROR = "error"
    WARNING = "warning"


class Span(NamedTuple):
    """A stretch of a file; lines and columns count from 1, `end_column` is exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class Note(NamedTuple):
    """An aligned line under the source: `| bn3         N×256×56×56   from conv3 (line 24)`."""

    subject: str
    value: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake: what, where, and what to do."""

    code: str
    message: str
    span: Span | None
    severity: Severity = Severity.ERROR
    path: str | None = None
    """The place in the network: `layer1.0, first of 3`."""
    notes: tuple[Note, ...] = ()
    hint: str | None = None


def shortened(text: str) -> str:
    """A message that quotes a spec, of bounded length."""
    return text if len(text) <= MAX_MESSAGE else f"{text[:MAX_MESSAGE]}…"


SourceOf: TypeAlias = Callable[[str], "str | None"]
"""The text of a file by the name that spans give it; None where it is not at hand."""


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


@dataclass(slots=True)
class Report:
    """Collects diagnostics while a spec is read; the same one twice is kept once."""

    _found: dict[Diagnostic, None] = field(default_factory=dict)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return tuple(self._found)

    @property
    def failed(self) -> bool:
        """Whether an error is among them."""
        return any(found.severity is Severity.ERROR for found in self._found)

    def add(self, *diagnostics: Diagnostic) -> None:
        self._found.update(dict.fromkeys(diagnostics))

    def error(self, code: str, message: str, span: Span | None, **rest: Any) -> None:
        self.add(Diagnostic(code, shortened(message), span, Severity.ERROR, **rest))

    def warning(self, code: str, message: str, span: Span | None, **rest: Any) -> None:
        self.add(Diagnostic(code, message, span, Severity.WARNING, **rest))


def ordered(diagnostics: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """By file and position, each once; those without a position come first."""
    return tuple(sorted(dict.fromkeys(diagnostics), key=lambda found: found.span or ("", 0, 0, 0, 0)))


_LEAST_PART: Final = 3
"""Letters that a name shares with a longer one by more than chance: `kernel` and `kernel_size`."""
_COMPARED: Final = 8
"""Candidates whose slips are counted: those with the most letters in common."""
_LETTERS: Final = 64
"""Pairs of letters that count as one comparison: two names of eight."""


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that a misspelt name most likely means, if one is close."""
    return next(iter(_nearest(name, _affordable(name, candidates))), None)


def _nearest(name: str, candidates: Iterable[str]) -> list[str]:
    """The close candidates with the fewest slips, those with the most letters in common first."""
    from difflib import get_close_matches

    lower = name.lower()
    spelled = {candidate.lower(): candidate for candidate in candidates}
    close = [each for each in get_close_matches(lower, spelled, _COMPARED, 0.5) if _is_near(lower, each)]
    slips = {each: 0 if _same_words(lower, each) else _slips(lower, each) for each in close}
    return [spelled[each] for each in close if slips[each] == min(slips.values())]


def _affordable(name: str, candidates: Iterable[str]) -> Iterator[str]:
    """The names to compare a misspelt one with, until the analysis has compared too many."""
    budget = current()
    if len(name) > MAX_NAME:
        return
    for candidate in candidates:
        if len(candidate) > MAX_NAME:
            continue
        if not budget.take("suggestions", 1 + len(name) * len(candidate) // _LETTERS):
            return
        yield candidate


def _is_near(name: str, other: str) -> bool:
    """Whether one is the other with a slip in every three letters at most, or is a part of it."""
    short, long = sorted((name, other), key=len)
    if len(short) >= _LEAST_PART and (long.startswith(short) or short in long.split("_")):
        return True
    return _same_words(name, other) or _slips(name, other) <= max(1, (len(long) + 1) // 3)


def _same_words(name: str, other: str) -> bool:
    return sorted(name.split("_")) == sorted(other.split("_"))


def _slips(name: str, other: str) -> int:
    """How many letters are missing, too many, wrong, or swapped with the next."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(name, 1):
        this = [row]
        for column, wanted in enumerate(other, 1):
            cost = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != wanted))
            if row > 1 < column and letter == other[column - 2] and name[row - 2] == wanted:
                cost = min(cost, before[column - 2] + 1)
            this.append(cost)
        before, last = last, this
    return last[-1]


def alike(name: str, candidates: Iterable[str]) -> list[str]:
    """The names that a name may mean: the nearest, and those that only go on or break off; at most three."""
    known = list(_affordable(name, candidates))
    near = _nearest(name, known)
    longer = (each for each in known if each != name and (each.startswith(name) or (each and name.startswith(each))))
    return list(dict.fromkeys([*near[:1], *longer, *near[1:]]))[:3]


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The hint for a misspelt name, if a candidate is close."""
    found = nearest(name, candidates)
    return None if found is None else f"did you mean `{found}`?"


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON list with one object for each diagnostic; absent values are null."""
    return to_json([_plain(found) for found in ordered(diagnostics)], indent=2)


def _plain(found: Diagnostic) -> dict[str, Any]:
    span = found.span._asdict() if found.span is not None else dict.fromkeys(Span._fields)
    notes = [note._asdict() for note in found.notes]
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": found.message,
        **span,
        "path": found.path,
        "notes": notes,
        "hint": found.hint,
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


class FollowOn(Exception):
    """What is read has a mistake of its own, which has been reported."""
