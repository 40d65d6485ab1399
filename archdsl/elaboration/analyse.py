"""Document -> graph: blocks, loops and tables expanded, names resolved, shapes inferred."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, NamedTuple

from archdsl.diagnostics.diagnostic import Diagnostic, Severity
from archdsl.document.files import find
from archdsl.document.inherit import Reader, bad_budget, read
from archdsl.document.reach import Reach
from archdsl.document.resolved import Resolved
from archdsl.elaboration.walk import Elaborator
from archdsl.faults.fault import Span
from archdsl.ir.graph import Graph
from archdsl.limits import BadBudget, analysis


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
    return (None, diagnostics) if resolved is None else _elaborated(resolved, diagnostics)


def _elaborated(resolved: Resolved, diagnostics: list[Diagnostic]) -> tuple[Graph | None, list[Diagnostic]]:
    graph, more = elaborate(resolved)
    found = _together(diagnostics, more)
    failed = any(each.severity is Severity.ERROR for each in found)
    return (None if failed else graph), found


def _together(first: list[Diagnostic], later: list[Diagnostic]) -> list[Diagnostic]:
    """All mistakes, without those found later that follow from one found first."""
    told = [found.span for found in first if found.span is not None]
    return [*first, *(found for found in later if not any(_overlap(found.span, span) for span in told))]


class Examined(NamedTuple):
    """What `check` finds in a file."""

    diagnostics: list[Diagnostic]
    blocks: int | None = None
    """How many it has, where it is a block library and no network."""


def examine(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
    reader: Reader | None = None,
) -> Examined:
    """Every mistake and warning in a network, as `analyse` has them, or in the blocks of a library."""
    try:
        with analysis():
            resolved, diagnostics = read(spec, params, sizes, reader)
            if resolved is None:
                return Examined(diagnostics)
            if not _is_library(resolved):
                return Examined(_elaborated(resolved, diagnostics)[1])
            from archdsl.elaboration.library import look_through

            found = _together(diagnostics, look_through(resolved, dict(resolved.sizes)))
            return Examined(found, len(resolved.document.blocks))
    except BadBudget as error:
        return Examined([bad_budget(error)])


def _is_library(resolved: Resolved) -> bool:
    """Whether the file has blocks and is no network: it says no nodes, and nothing that only a network has."""
    document = resolved.document
    return bool(document.blocks) and document.nodes is None and not document.inputs and not resolved.misses("nodes")


def elaborate(resolved: Resolved) -> tuple[Graph | None, list[Diagnostic]]:
    """The graph of a document that has been read, with its mistakes."""
    return Elaborator(resolved, resolved.sizes).run()


def ancestors(spec: Path, reach: Reach | None) -> Iterator[Path]:
    """The files that a spec extends, the nearest first; as far as they can be read and are in `reach`."""
    seen = {spec}
    while (resolved := read(spec, reader=Reader(reach=reach))[0]) is not None and resolved.document.extends is not None:
        found = find(resolved.document.extends, resolved.path)
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
