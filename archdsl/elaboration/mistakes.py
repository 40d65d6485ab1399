"""The mistakes found while a network is elaborated: each told once, with where in the network."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple, NoReturn, final

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.diagnostics.report import Report, code_and_span
from archdsl.document.positions import Path
from archdsl.document.template import BlockTemplate, LoopTemplate, NodeTemplate, Template, TemplateError, Written
from archdsl.elaboration.applying import FieldError
from archdsl.elaboration.fields import item_at
from archdsl.elaboration.frames import Frame, MissingElse, PathError, place_of
from archdsl.elaboration.sources import say_without
from archdsl.expressions import Expression, ExpressionError
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FollowOn, Note, Place, Span
from archdsl.ir.graph import Env
from archdsl.limits import TooLarge, current
from archdsl.ops.base import OpError
from archdsl.text.nearest import alike

if TYPE_CHECKING:
    from archdsl.document.resolved import Resolved
    from archdsl.ir.graph import Scope


_DOLLAR = r"\$\{?(?:(\w+)\}?|\((.*)\))"

MOST_NAMES = 8
"""The names that a message lists."""
MOST_COMPARED = 1000
"""The names that are looked through for what to say beside a mistake."""
SHOWN: Final = 5
"""Of so many mistakes that are looked for one is shown: past that, more of them help nobody."""


STOPPING: Final = (Code.TOO_LARGE, Code.TOO_DEEP)
"""The codes after which the rest of a spec is left unread."""


class Stopped(Exception):
    """The spec asks for too much, or has too many mistakes, which has been told: all of the rest is left unread.

    Unlike Reported it ends the elaboration, and nothing but its beginning catches it.
    """


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


def near_name(unknown: str, env: Env) -> Told:
    """Where the names stand that an unknown one may mean."""
    from archdsl.elaboration.tracing import origin_of

    notes = []
    for near in alike(unknown, islice(env.keys(), MOST_COMPARED)):
        origin = origin_of(near, env)
        if origin is not None and not origin.given:
            span = origin.span
            notes.append(Note(near, f"line {span.line}{'' if span.file == origin.home.file else f' of {span.file}'}"))
    return Told(tuple(notes))


def read_by(fault: Fault, env: Env) -> Told:
    """Where the values stand that an expression at fault reads, or the names that an unknown one may mean."""
    return traced(fault.tree, env) if fault.unknown is None else near_name(fault.unknown, env)


class Reported(Exception):
    """A node is given up, since a mistake of it or of what it reads has been told: the walk goes on with the next."""

    def __init__(self, inside: bool = False) -> None:
        super().__init__()
        self.inside = inside
        """The nodes inside of the one at fault have been elaborated."""


@final
class Mistakes:
    """Tells what is wrong in a network. One place in a file tells one mistake once, however often it is used."""

    def __init__(self) -> None:
        self._report = Report(code_and_span)
        self._left = current().limits.mistakes
        """How many more are looked for: a mistake in a large loop would be found again and again."""
        self._shown = max(1, self._left // SHOWN)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        return [*self._report.diagnostics[: self._shown]]

    @property
    def count(self) -> int:
        """How many have been found."""
        return self._report.count

    @property
    def failed(self) -> bool:
        return self._report.failed

    def add(
        self, code: Code, message: str, span: Span | None, *, place: str | None = None, hint: str | None = None,
        notes: tuple[Note, ...] = (), severity: Severity = Severity.ERROR, instead: str | None = None,
    ) -> None:  # fmt: skip
        self._report.tell(Fault(code, message, hint, notes=notes, instead=instead), span, place, severity)
        if severity is Severity.ERROR:
            self._stop(code)

    def refuse(
        self, code: Code, message: str, span: Span | None, *, place: str | None = None, hint: str | None = None,
        notes: tuple[Note, ...] = (), instead: str | None = None,
    ) -> NoReturn:  # fmt: skip
        """Adds a mistake and gives up the node that it is of. Raises Reported."""
        self.add(code, message, span, place=place, hint=hint, notes=notes, instead=instead)
        raise Reported

    def _stop(self, code: Code) -> None:
        """Raises Stopped where enough is told: after too much is asked for, or too often the wrong."""
        self._left -= 1
        if code in STOPPING or self._left < 0:
            raise Stopped

    def take(self, diagnostics: list[Diagnostic]) -> None:
        """Adds what was found while another file was read."""
        self._report.add(*diagnostics)

    def tell(self, fault: Fault, span: Span, place: str | None = None, told: Told = NOTHING) -> None:
        """Adds a fault, which stands at `span`; a hint about the values that it comes from is the better one."""
        notes, hint = (*fault.notes, *told.notes), told.hint or fault.hint
        self.add(fault.code, fault.message, span, place=place, hint=hint, notes=notes, instead=fault.instead)

    def at_place(self, home: Resolved, fault: Fault, told: Told = NOTHING, place: str | None = None) -> None:
        """Adds a fault, which says where in the document it stands."""
        self.tell(fault, _span(home, fault.place), place, told)

    def at(self, template: Template | BlockTemplate, frame: Frame, path: Path | None = None) -> _At:
        """A `with` that reports what goes wrong inside, at `path` or at the node, and raises Reported instead."""
        return _At(self, template, frame, path)

    def caught(self, error: BaseException, template: Template | BlockTemplate, frame: Frame, path: Path) -> bool:
        """Reports a mistake that was raised; False for any other exception."""
        home, place = template.home, place_of(frame, template if isinstance(template, NodeTemplate) else None)
        if isinstance(error, TemplateError):
            self._advise(error, frame.env)
            self.at_place(home, error.fault, self._read_by(error.fault, frame.env), place)
        elif isinstance(error, ExpressionError):
            for item in (error, *error.others):
                self._expression(item, template, frame, path)
        elif isinstance(error, MissingElse):
            self.missing_else(error, _span(home, error.fault.place, path))
        elif isinstance(error, PathError):
            self.tell(error.fault, _span(home, error.fault.place, path), place, Told(_loop_notes(template, frame.env)))
            for each in error.also:
                self.tell(each, _span(home, each.place, path), place)
        elif isinstance(error, FieldError):
            for each in (error.fault, *error.also):
                self._field(each, template, frame, place)
        else:
            return isinstance(error, FollowOn)
        return True

    def _expression(self, error: ExpressionError, template: Template | BlockTemplate, frame: Frame, path: Path) -> None:
        told = self._read_by(error.fault, frame.env)
        self._advise(error, frame.env)
        place = place_of(frame, template if isinstance(template, NodeTemplate) else None)
        at = _at_item(template, path, error)  # which moves it
        self.at_place(template.home, error.fault.at(at), told, place)

    def _advise(self, error: ExpressionError | TemplateError, env: Env) -> None:
        """Says of a name that means nothing which there are."""
        if error.fault.unknown is not None:
            say_without(error, env)
            error.advise(error.hint or _names_hint(env))

    def _read_by(self, fault: Fault, env: Env) -> Told:
        """What to say beside a mistake that is shown: past the limit none is."""
        return NOTHING if self.count >= self._shown else read_by(fault, env)

    def _field(self, fault: Fault, template: Template | BlockTemplate, frame: Frame, place: str) -> None:
        field = fault.place.field
        own = field is None or field in getattr(template, "written", {})
        # a field that is not written comes from the template that stands for the op
        source = getattr(template, "fields", {}).get(field) if own else getattr(template, "op", None)
        told = traced(source, frame.env)
        hint = told.hint or unquoted_hint(template, field)
        self.tell(fault, _field_span(template, fault), place, told._replace(hint=hint))

    def missing_else(self, error: MissingElse, reader: Span | None) -> None:
        """A left-out node that is read: told where it is written, with its reader and the uses that it drops out of."""
        left = error.left
        if left.told:
            return
        left.told = True
        notes = [] if reader is None else [Note("read", f"in line {reader.line}")]
        around: Scope | None = left.scope
        while around is not None:
            if around.block is not None and around.site is not None:
                line = around.site.span.line
                notes.append(Note(f"in `{around.path}`", f"in line {line}", f"a use of `{around.block}`"))
            around = around.scope
        place = f"{left.scope.path}.{left.name}" if left.scope.path else left.name
        self.tell(error.fault, _span(left.template.home, left.where), place, Told(tuple(notes)))

    def too_large(self, error: TooLarge, template: Template, place: str, notes: tuple[Note, ...]) -> NoReturn:
        """Tells of what a node, a block or a loop asks for, and raises Stopped."""
        span = error.span or (
            template.home.key_span(template.path)
            if isinstance(template, LoopTemplate)
            else _field_span(template, error.fault)
        )
        self.tell(error.fault, span, place, Told(notes))
        raise Stopped

    def op(self, template: Template, error: OpError, place: str, notes: tuple[Note, ...]) -> None:
        """An op that does not take its inputs."""
        self.tell(error.fault, _field_span(template, error.fault), place, Told(notes))


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
    if error.steps:
        return (*path, *error.steps)
    written: Mapping[str, Written] = getattr(template, "written", {})
    key = next((key for key, each in written.items() if each.path == path), None)
    if key is None or not isinstance(written[key].value, list):
        return path
    if not isinstance(getattr(template, "fields", {}).get(key, Expression), Expression | type):
        return path
    inner, start = item_at(written[key].value, error.start)
    if inner:
        error.move(error.start - start, error.end - start)
    return (*path, *inner)


def _span(home: Resolved, place: Place, path: Path = ()) -> Span:
    """Where a fault stands; at `path` where it does not say so itself."""
    at = path if place.path is None else place.path
    if place.offsets is not None:
        return (home.key_within if place.key else home.within)(at, *place.offsets)
    return home.key_span(at) if place.key else home.span(at)


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


def _field_span(template: Template | BlockTemplate, fault: Fault) -> Span:
    """Where the field at fault, or an item of it, is written; the formula, or the node, where it is not."""
    field, item = fault.place.field, fault.place.item
    written = getattr(template, "written", {}).get(field) if field else None
    if written is None:
        formula = getattr(template, "formula_path", ())
        return template.home.span(formula) if formula else template.span
    home = template.home
    if fault.code is Code.UNKNOWN_FIELD:
        return home.key_span(written.path)
    within = (item,) if item is not None and isinstance(written.value, list) else ()
    return home.span((*written.path, *within))
