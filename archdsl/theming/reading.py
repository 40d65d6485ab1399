"""Reads a theme: all that is wrong with it is told at its place, be it of its form or of its network."""

from __future__ import annotations

import os
import re
from pathlib import Path as FilePath
from typing import Any, Final

from archdsl.diagnostics.report import Report
from archdsl.diagnostics.spec_error import SpecError
from archdsl.document.files import display, read_text
from archdsl.document.loader import load
from archdsl.document.misfits import fault_at, validated
from archdsl.document.unknown import UNKNOWN, Gap
from archdsl.faults.code import Code
from archdsl.faults.fault import Fault
from archdsl.figure.theme import USUAL_SIZE, Colour, Theme, around
from archdsl.ir.graph import Graph
from archdsl.limits import analysis
from archdsl.text.spelled import kind_of
from archdsl.theming.checking import ThemeChecks
from archdsl.theming.form import ThemeForm
from archdsl.theming.names import NetworkNames

_SHORT: Final = re.compile("#([0-9a-fA-F]{3})")
HOLDS: Final = f"a theme has the keys {', '.join(ThemeForm.model_fields)}"


def read_theme(file: str | os.PathLike[str], graph: Graph) -> Theme:
    """The theme of a file, for this network. Raises SpecError with all that is wrong with it."""
    path = FilePath(file)
    text, unreadable = read_text(path)
    if text is None:
        assert unreadable is not None
        is_empty = unreadable.code is Code.FILE_EMPTY
        is_there = unreadable.code is not Code.FILE_UNREADABLE  # else it is the call that is wrong
        span, hint = unreadable.span if is_there else None, HOLDS if is_empty else unreadable.hint
        raise SpecError([unreadable._replace(hint=hint, span=span)])
    raw, source, told = load(text, display(path))
    report = Report()
    report.add(*told)
    names = NetworkNames(graph)
    with analysis():
        form, faults = _checked(raw, names) if raw is not None or not told else (None, [])
    for fault in faults:
        at = fault.place.path or ()
        report.tell(fault, source.key(at) if fault.place.key else source.value(at))
    if report.failed or form is None:
        raise SpecError(report.diagnostics, {display(path): text})
    return _theme(form, names)


def _checked(raw: Any, names: NetworkNames) -> tuple[ThemeForm | None, list[Fault]]:
    """The theme, where it has the form of one, and what is wrong with it."""
    if not isinstance(raw, dict):
        return None, [fault_at(Code.WRONG_TYPE, f"expected a mapping, found {kind_of(raw)}", (), hint=HOLDS)]
    raw = _readable(raw)
    form, mistakes = validated(ThemeForm, raw, ())
    others = ThemeChecks(raw, {each.path for each in mistakes}, names).faults()
    return form, [*(_advised(each.fault, raw) for each in mistakes), *others]


def _readable(raw: Any) -> Any:
    """The data without what could not be read, which has been told."""
    if isinstance(raw, dict):
        pairs = ((key, value) for key, value in raw.items() if not isinstance(key, Gap) and value is not UNKNOWN)
        return {key: _readable(value) for key, value in pairs}
    return [_readable(value) for value in raw if value is not UNKNOWN] if isinstance(raw, list) else raw


def _advised(fault: Fault, raw: dict[str, Any]) -> Fault:
    """The fault of a colour, with what is the reason where nothing is found: `#` begins a comment."""
    at = fault.place.path or ()
    found: Any = raw
    for step in at:
        found = found.get(step) if isinstance(found, dict) else None
    if at[:1] != ("colours",) or len(at) < 2 or fault.place.key or fault.hint is not None:
        return fault
    if found is None and fault.code is Code.BAD_VALUE:
        return fault._replace(hint="put it in quotes: `#` behind a space begins a comment")
    short = _SHORT.fullmatch(found) if isinstance(found, str) else None
    return fault._replace(hint=f'write "#{"".join(2 * each for each in short[1])}"') if short else fault


def _theme(form: ThemeForm, names: NetworkNames) -> Theme:
    """The theme as figures read it: of what is hidden, the outermost paths."""
    hide = {path: None for each in form.hide for path in names.everywhere(each)}
    inside = {path: label for each, label in form.labels.items() for path in names.everywhere(each)}
    coloured = [key for key in form.colours if names.is_path(key)]
    return Theme(
        form.title,
        form.legend,
        inside | form.labels,
        tuple(path for path in hide if not any(at in hide for at in list(around(path))[1:])),
        {name: tuple(path for each in paths for path in names.everywhere(each)) for name, paths in form.group.items()},
        {key: Colour(each.fill, each.border, each.text) for key, each in form.colours.items()},
        form.font_size / USUAL_SIZE,
        {path: key for key in coloured for path in names.everywhere(key)} | {key: key for key in coloured},
    )
