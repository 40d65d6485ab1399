"""The mistakes found while a network is elaborated: each told once, with where in the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, final

from archdsl.diagnostics import Diagnostic, FollowOn, Note, Severity, Span, alike, shortened
from archdsl.elaboration.applying import FieldError, Problem
from archdsl.elaboration.fields import item_at
from archdsl.elaboration.frames import Frame, MissingElse, PathError, place_of
from archdsl.elaboration.sources import say_without
from archdsl.expressions import Expression, ExpressionError
from archdsl.graph import Env
from archdsl.limits import TooLarge, current
from archdsl.ops.base import OpError
from archdsl.template import BlockTemplate, LoopTemplate, NodeTemplate, Template, TemplateError, Written

if TYPE_CHECKING:
    from archdsl.graph import Scope
    from archdsl.inherit import Resolved

Path = tuple[Any, ...]

_DOLLAR = r"\$\{?(?:(\w+)\}?|\((.*)\))"

MOST_NAMES = 8
"""The names that a message lists."""
MOST_COMPARED = 1000
"""The names that are looked through for what to say beside a mistake."""
LIMIT = 200
"""Mistakes shown of one file: past that, more of them help nobody."""


STOPPING: Final = ("too-large", "too-deep")
"""The codes after which the rest of a spec is left unread."""


class Stopped(Exception):
    """The spec asks for too much, which has been reported: the rest of it is left unread."""


class Told(NamedTuple):
    """What to say beside a mistake of the values that it comes from."""

    notes: tuple[Note, ...] = ()
    hint: str | None = None


NOTHING = Told()


def traced(value: Any, env: Env) -> Told:
    """Where the values stand that a field, or a part of an expression, reads."""
    if value is None:
        return NOTHING
    from archdsl.elaboration.tracing import MOST_NOTES, quotes_hint, reads, sources

    found = reads(value, env)
    further = [read for read in sources(value, env) if read not in found]
    file = found[0].origin.home.file if found else ""
    notes = [*(read.note for read in found), *(read.note_from(file) for read in further)]
    return Told(tuple(notes[: MOST_NOTES + 2]), quotes_hint(found))


def near_name(error: ExpressionError | TemplateError, env: Env) -> Told:
    """Where the names stand that an unknown one may mean."""
    if error.unknown is None:
        return NOTHING
    from archdsl.elaboration.tracing import origin_of

    notes = []
    for near in alike(error.unknown, islice(env.keys(), MOST_COMPARED)):
        origin = origin_of(near, env)
        if origin is not None and not origin.given:
            span = origin.span
            notes.append(Note(near, f"line {span.line}{'' if span.file == origin.home.file else f' of {span.file}'}"))
    return Told(tuple(notes))


def read_by(error: ExpressionError | TemplateError, env: Env) -> Told:
    """Where the values stand that an expression at fault reads, or the names that an unknown one may mean."""
    return traced(error.tree, env) if error.unknown is None else near_name(error, env)


class Reported(Exception):
    """A mistake has been reported: what depends on it is left in peace."""

    def __init__(self, inside: bool = False) -> None:
        super().__init__()
        self.inside = inside
        """The nodes inside of the one at fault have been elaborated."""


@final
class Mistakes:
    """Collects diagnostics. One place in a file tells one mistake once, however often it is used."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span | None], Diagnostic] = {}
        self._places: dict[tuple[str, Span | None], set[str | None]] = {}
        self._left = current().limits.mistakes
        """How many more are looked for: a mistake in a large loop would be found again and again."""

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return [self._counted(key, found) for key, found in self._found.items()][:LIMIT]

    @property
    def count(self) -> int:
        """How many have been found."""
        return len(self._found)

    @property
    def failed(self) -> bool:
        return any(found.severity is Severity.ERROR for found in self._found.values())

    def add(
        self, code: str, message: str, span: Span | None, *, place: str | None = None, hint: str | None = None,
        notes: tuple[Note, ...] = (), severity: Severity = Severity.ERROR,
    ) -> None:  # fmt: skip
        key = code, span
        self._places.setdefault(key, set()).add(place)
        if key not in self._found:
            hint = None if hint is None else shortened(hint)
            self._found[key] = Diagnostic(code, shortened(message), span, severity, place or None, notes, hint)
        if severity is Severity.ERROR:
            self._stop(code)

    def _stop(self, code: str) -> None:
        """Raises Stopped where enough is told: after too much is asked for, or too often the wrong."""
        self._left -= 1
        if code in STOPPING or self._left < 0:
            raise Stopped

    def take(self, diagnostics: list[Diagnostic]) -> None:
        """Adds what was found while another file was read."""
        for found in diagnostics:
            self._found.setdefault((found.code, found.span), found)
            self._places.setdefault((found.code, found.span), set()).add(None)

    def template(self, home: Resolved, error: TemplateError, told: Told = NOTHING) -> None:
        """A node that could not be compiled."""
        if error.offsets is not None:
            within = home.key_within if error.key else home.within
            span = within(error.path, *error.offsets)
        else:
            span = home.key_span(error.path) if error.key else home.span(error.path)
        self.add(error.code, error.message, span, hint=told.hint or error.hint, notes=told.notes)

    def expression(self, home: Resolved, path: Path, error: ExpressionError, place: str, told: Told = NOTHING) -> None:
        """An expression of the document that could not be evaluated."""
        self.add(error.code, error.message, home.within(path, error.start, error.end),
                 place=place, hint=told.hint or error.hint, notes=told.notes)  # fmt: skip

    def at(self, template: Template | BlockTemplate, frame: Frame, path: Path | None = None) -> _At:
        """A `with` that reports what goes wrong inside, at `path` or at the node, and raises Reported instead."""
        return _At(self, template, frame, path)

    def caught(self, error: BaseException, template: Template | BlockTemplate, frame: Frame, path: Path) -> bool:
        """Reports a mistake that was raised; False for any other exception."""
        home, place = template.home, place_of(frame, template if isinstance(template, NodeTemplate) else None)
        if isinstance(error, TemplateError):
            told = self._read_by(error, frame.env)
            self.template(home, error, told)
        elif isinstance(error, ExpressionError):
            if error.unknown is None or not frame.env.may_miss(error.unknown):
                told = self._read_by(error, frame.env)
                if error.unknown is not None:
                    say_without(error, frame.env)
                    error.hint = error.hint or _names_hint(frame.env)
                self.expression(home, _at_item(template, path, error), error, place, told)
        elif isinstance(error, MissingElse):
            self.missing_else(error, _path_span(home, error, path))
        elif isinstance(error, PathError):
            error.notes += _loop_notes(template, frame.env)
            for each in (error, *error.also):
                span = _path_span(home, each, path)
                self.add(each.code, each.message, span, place=place, hint=each.hint, notes=each.notes)
        elif isinstance(error, FieldError):
            for problem in error.problems:
                self._problem(problem, template, frame, place)
        else:
            return isinstance(error, FollowOn)
        return True

    def _read_by(self, error: ExpressionError | TemplateError, env: Env) -> Told:
        """What to say beside a mistake that is shown: past the limit none is."""
        return NOTHING if self.count >= LIMIT else read_by(error, env)

    def _problem(self, problem: Problem, template: Template | BlockTemplate, frame: Frame, place: str) -> None:
        own = problem.field is None or problem.field in getattr(template, "written", {})
        # a field that is not written comes from the template that stands for the op
        source = getattr(template, "fields", {}).get(problem.field) if own else getattr(template, "op", None)
        told = traced(source, frame.env)
        span = _field_span(template, problem.field, problem.code, problem.item)
        hint = told.hint or unquoted_hint(template, problem.field) or problem.hint
        self.add(problem.code, problem.message, span, place=place, hint=hint, notes=told.notes)

    def missing_else(self, error: MissingElse, reader: Span | None) -> None:
        """A left-out node that is read: told where it is written, with its reader and the uses that it drops out of."""
        left = error.left
        if left.told:
            return
        left.told = True
        notes = [] if reader is None else [Note("read", f"in line {reader.line}")]
        around: Scope | None = left.scope
        while around is not None:
            if around.block is not None and around.template is not None:
                line = around.template.span.line
                notes.append(Note(f"in `{around.path}`", f"in line {line}", f"a use of `{around.block}`"))
            around = around.scope
        place = f"{left.scope.path}.{left.name}" if left.scope.path else left.name
        self.add(error.code, error.message, left.template.home.span(error.where), place=place, hint=error.hint,
                 notes=tuple(notes))  # fmt: skip

    def too_large(self, error: TooLarge, template: Template, place: str, notes: tuple[Note, ...]) -> NoReturn:
        """Tells of what a node, a block or a loop asks for, and raises Stopped."""
        span = error.span or (
            template.home.key_span(template.path)
            if isinstance(template, LoopTemplate)
            else _field_span(template, error.field, error.code)
        )
        self.add(error.code, error.message, span, place=place, hint=error.hint, notes=notes)
        raise Stopped

    def op(self, template: Template, error: OpError, place: str, notes: tuple[Note, ...]) -> None:
        """An op that does not take its inputs."""
        span = _field_span(template, error.field, error.code)
        self.add(error.code, error.message, span, place=place, hint=error.hint, notes=notes)

    def _counted(self, key: tuple[str, Span | None], found: Diagnostic) -> Diagnostic:
        count = len(self._places[key])
        if count == 1 or found.path is None:
            return found
        return replace(found, path=f"{found.path}, first of {count}")


@final
class _At:
    __slots__ = ("_frame", "_mistakes", "_path", "_template")

    def __init__(self, mistakes: Mistakes, template: Template | BlockTemplate, frame: Frame, path: Path | None) -> None:
        self._mistakes = mistakes
        self._template = template
        self._frame = frame
        self._path = path

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None:
            return
        path = self._template.path if self._path is None else self._path
        if self._mistakes.caught(error, self._template, self._frame, path):
            raise Reported from None


def _loop_notes(template: Template | BlockTemplate, env: Env) -> tuple[Note, ...]:
    """The turn of the loops whose variables a node's paths read."""
    source = template.source if isinstance(template, NodeTemplate) else None
    if source is None:
        return ()
    from archdsl.elaboration.tracing import turns

    return tuple(read.note for read in turns(source.value, env))


def _names_hint(env: Env) -> str | None:
    """Which names there are, where they are few."""
    distinct = dict.fromkeys(islice(env.keys(), MOST_COMPARED))
    names = [*islice(filter(str.isidentifier, distinct), MOST_NAMES + 1)]
    if not names or len(names) > MOST_NAMES:
        return None
    return f"the names here are {', '.join(f'`{name}`' for name in names)}"


def _at_item(template: Template | BlockTemplate, path: Path, error: ExpressionError) -> Path:
    """The path of the item at fault, where a list was read as one expression; the error's place is then in the item."""
    written: Mapping[str, Written] = getattr(template, "written", {})
    key = next((key for key, each in written.items() if each.path == path), None)
    if key is None or not isinstance(written[key].value, list):
        return path
    if not isinstance(getattr(template, "fields", {}).get(key, Expression), Expression | type):
        return path
    inner, start = item_at(written[key].value, error.start)
    if inner:
        error.start, error.end = error.start - start, error.end - start
    return (*path, *inner)


def _path_span(home: Resolved, error: PathError, path: Path) -> Span:
    """Where a path stands that gives no value; `path` where it does not say so itself."""
    at = path if error.at is None else error.at
    if error.key:
        return home.key_span(at)
    return home.within(at, *error.offsets) if error.offsets else home.span(at)


def unquoted_hint(template: Template | BlockTemplate, field: str | None) -> str | None:
    """For a `$` or brackets around the name of a value where an expression stands."""
    written = getattr(template, "written", {}).get(field)
    raw = None if written is None else written.value
    if isinstance(raw, str) and raw.startswith("$"):
        bare = re.sub(_DOLLAR, r"\1\2", raw)
        return f"an expression reads a name without `$`: `{bare}`" if bare != raw else None
    if isinstance(raw, str) and raw.endswith(","):
        return "remove the comma at its end"
    if isinstance(raw, dict) and len(raw) == 1 and None in raw.values():
        return f"an expression stands without brackets: `{next(iter(raw))}`"
    return None


def _field_span(template: Template | BlockTemplate, field: str | None, code: str, item: int | None = None) -> Span:
    """Where a field, or an item of it, is written; the formula, or the node, where it is not."""
    written = getattr(template, "written", {}).get(field) if field else None
    if written is None:
        formula = getattr(template, "formula_path", ())
        return template.home.span(formula) if formula else template.span
    home = template.home
    if code == "unknown-field":
        return home.key_span(written.path)
    within = (item,) if item is not None and isinstance(written.value, list) else ()
    return home.span((*written.path, *within))
