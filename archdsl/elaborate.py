"""Document -> graph: blocks, loops and tables expanded, names resolved, shapes inferred."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

from archdsl.diagnostics import Diagnostic, Severity, Span
from archdsl.elaboration.walk import Elaborator
from archdsl.files import find
from archdsl.graph import Graph
from archdsl.inherit import Reader, Resolved, bad_budget, read
from archdsl.limits import BadBudget, analysis
from archdsl.reach import Reach


def analyse(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    reader: Reader | None = None,
) -> tuple[Graph | None, list[Diagnostic]]:
    """The graph of a spec, or None, and every mistake and warning found on the way.

    `params` override the file's parameters, `sizes` the sizes of its input's dimensions (`H`, `x.H`).
    A `reader` of the caller's knows the files afterwards.
    """
    try:
        with analysis():
            return _analyse(spec, params, sizes, reader)
    except BadBudget as error:
        return None, [bad_budget(error)]


def _analyse(
    spec: str | PathLike[str], params: Mapping[str, Any] | None, sizes: Mapping[str, int] | None, reader: Reader | None
) -> tuple[Graph | None, list[Diagnostic]]:
    resolved, diagnostics = read(spec, params, sizes, reader)
    if resolved is None:
        return None, diagnostics
    graph, more = elaborate(resolved, sizes or {})
    told = [found.span for found in diagnostics if found.span is not None]
    diagnostics = [*diagnostics, *(d for d in more if not any(_overlap(d.span, span) for span in told))]
    failed = any(found.severity is Severity.ERROR for found in diagnostics)
    return (None if failed else graph), diagnostics


def elaborate(resolved: Resolved, sizes: Mapping[str, int]) -> tuple[Graph | None, list[Diagnostic]]:
    """The graph of a document that has been read, with its mistakes."""
    with _collector_paused():
        return Elaborator(resolved, sizes).run()


def ancestors(spec: Path, reach: Reach | None) -> Iterator[Path]:
    """The files that a spec extends, the nearest first; as far as they can be read and are in `reach`."""
    seen = {spec}
    while (resolved := read(spec, reader=Reader(reach=reach))[0]) is not None and resolved.document.extends is not None:
        found = find(resolved.document.extends, spec)
        if found is None or found in seen:
            return
        seen.add(found)
        yield found
        spec = found


def _overlap(one: Span | None, other: Span) -> bool:
    """Whether two spans share a place: what is found there later follows from what was found first."""
    if one is None or one.file != other.file:
        return False
    starts = (one.line, one.column), (other.line, other.column)
    ends = (one.end_line, one.end_column), (other.end_line, other.end_column)
    return max(starts) < min(ends)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Elaboration makes no garbage to speak of: looking for it takes half of the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
