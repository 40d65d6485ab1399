"""Lays a figure out and renders it, in a process of its own: `python -m archdsl.diagram.worker FORMAT`.

Reads DOT from stdin and writes the picture to stdout. Layout holds the interpreter's lock and may run
for minutes on a bad graph, so whoever starts this sets a time limit.
"""

from __future__ import annotations

import sys
from typing import Any, Final

TOO_LARGE: Final = 3
"""Exit status: the picture would be larger than the format allows."""
UNUSABLE: Final = 4
"""Exit status: `pygraphviz` cannot be imported."""
DPI: Final = 150
LEAST_DPI: Final = 48
POINTS: Final = 72
PAD: Final = 0.08 * POINTS
LIMITS: Final = {"png": 32_000.0, "pdf": 14_400.0}
"""The most pixels (png) or points (pdf) that a side may have."""


def main(format: str) -> int:
    """Renders stdin to stdout; returns the exit status."""
    try:
        import pygraphviz
        from pygraphviz import graphviz
    except ImportError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    drawing: Any = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
    context = graphviz.gvContextWithBuiltins()
    if format == "png":
        _set_resolution(graphviz, drawing, DPI)
    if graphviz.gvLayout(context, drawing.handle, b"dot"):
        return 1
    dpi = resolution(format, longest_side(graphviz.agget(drawing.handle, b"bb").decode("ascii")))
    if dpi is None:
        return TOO_LARGE
    if dpi < DPI:
        graphviz.gvFreeLayout(context, drawing.handle)
        _set_resolution(graphviz, drawing, dpi)
        graphviz.gvLayout(context, drawing.handle, b"dot")
    status, data = graphviz.gvRenderData(context, drawing.handle, format.encode("ascii"))
    sys.stdout.buffer.write(data)
    return int(status)


def _set_resolution(graphviz: Any, drawing: Any, dpi: int) -> None:
    graphviz.agattr_label(drawing.handle, 0, b"dpi", str(dpi).encode("ascii"))


def longest_side(box: str) -> float:
    """The longer side in points of a bounding box as Graphviz writes it, with the pad around it."""
    left, low, right, high = map(float, box.replace(",", " ").split())
    return max(right - left, high - low) + 2 * PAD


def resolution(format: str, side: float) -> int | None:
    """Dots per inch for a picture whose longer side has so many points; None where it is too large."""
    limit = LIMITS.get(format)
    if limit is None:
        return DPI
    if format == "pdf":
        return DPI if side <= limit else None
    fitting = min(DPI, int(limit * POINTS / side))
    return fitting if fitting >= LEAST_DPI else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
