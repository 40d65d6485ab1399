"""Lays a figure out and renders it, in a process of its own: `python -m archdsl.diagram.worker FORMAT`.

Reads DOT from stdin and writes the picture to stdout. Layout holds the interpreter's lock and may run
for minutes on a bad graph, so whoever starts this sets a time limit. Exit status 3: the picture would be
larger than the format allows.
"""

from __future__ import annotations

import sys
from typing import Any, Final

TOO_LARGE: Final = 3
DPI: Final = 150
POINTS: Final = 72
LIMITS: Final = {"png": 32_000.0, "pdf": 14_400.0}
"""The most pixels (png) or points (pdf) that a side may have."""
LEAST_DPI: Final = 48


def main(format: str) -> int:
    """Renders stdin to stdout; returns the exit status."""
    import pygraphviz
    from pygraphviz import graphviz

    drawing: Any = pygraphviz.AGraph(string=sys.stdin.buffer.read().decode("utf-8"))
    context = graphviz.gvContextWithBuiltins()
    if graphviz.gvLayout(context, drawing.handle, b"dot"):
        return 1
    side = longest_side(graphviz.agget(drawing.handle, b"bb").decode("ascii"))
    dpi = resolution(format, side)
    if dpi is None:
        return TOO_LARGE
    if format == "png":
        graphviz.gvFreeLayout(context, drawing.handle)
        graphviz.agattr_label(drawing.handle, 0, b"dpi", str(dpi).encode("ascii"))
        graphviz.gvLayout(context, drawing.handle, b"dot")
    status, data = graphviz.gvRenderData(context, drawing.handle, format.encode("ascii"))
    sys.stdout.buffer.write(data)
    return int(status)


def longest_side(box: str) -> float:
    """The longer side in points of a bounding box as Graphviz writes it."""
    left, low, right, high = map(float, box.replace(",", " ").split())
    return max(right - left, high - low) + 2 * 0.08 * POINTS


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
