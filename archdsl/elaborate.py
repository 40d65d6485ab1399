"""Document -> graph: blocks, loops and tables expanded, names resolved, shapes inferred."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any

from archdsl.diagnostics import Diagnostic
from archdsl.elaboration.walk import Elaborator
from archdsl.graph import Graph
from archdsl.inherit import Resolved, read


def analyse(
    spec: str | PathLike[str],
    params: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> tuple[Graph | None, list[Diagnostic]]:
    """The graph of a spec, or None, and every mistake and warning found on the way.

    `params` override the file's parameters, `sizes` the sizes of its input's dimensions (`H`, `x.H`).
    """
    resolved, diagnostics = read(spec, params, sizes)
    if resolved is None:
        return None, diagnostics
    graph, more = elaborate(resolved, sizes or {})
    return graph, [*diagnostics, *more]


def elaborate(resolved: Resolved, sizes: Mapping[str, int]) -> tuple[Graph | None, list[Diagnostic]]:
    """The graph of a document that has been read, with its mistakes."""
    with _collector_paused():
        return Elaborator(resolved, sizes).run()


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
