"""Runs Graphviz in a process of its own: `python -m archdsl.drawing.worker ENGINE FORMAT [DPI]`.

Reads DOT from stdin, one graph or several with a form feed between them, and writes what comes of each to
stdout, after a line with its length. Layout holds the interpreter's lock and may run for minutes on a bad
graph, so whoever starts this sets a time limit.
"""

from __future__ import annotations

import sys
from typing import Any, Final

SEPARATOR: Final = "\f"
"""Between graphs on stdin: no DOT text of ours has this character."""
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


def main(engine: str, format: str, wanted: str = str(DPI)) -> int:
    """Lays out and renders what comes on stdin; returns the exit status."""
    try:
        from pygraphviz import graphviz
    except ImportError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    context = graphviz.gvContextWithBuiltins()
    for text in sys.stdin.buffer.read().decode("utf-8").split(SEPARATOR):
        status, data = _rendered(graphviz, context, text, engine, format, int(wanted))
        if status:
            return status
        sys.stdout.buffer.write(b"%d\n" % len(data) + data)
    return 0


def _rendered(graphviz: Any, context: Any, text: str, engine: str, format: str, wanted: int) -> tuple[int, bytes]:
    """The exit status, and the picture where that is 0."""
    import pygraphviz

    drawing: Any = pygraphviz.AGraph(string=text)
    if format == "png":
        _set_resolution(graphviz, drawing, wanted)
    if graphviz.gvLayout(context, drawing.handle, engine.encode("ascii")):
        return 1, b""
    dpi = resolution(format, longest_side(graphviz.agget(drawing.handle, b"bb").decode("ascii")), wanted)
    if dpi is None:
        return TOO_LARGE, b""
    if dpi < wanted:
        graphviz.gvFreeLayout(context, drawing.handle)
        _set_resolution(graphviz, drawing, dpi)
        graphviz.gvLayout(context, drawing.handle, engine.encode("ascii"))
    status, data = graphviz.gvRenderData(context, drawing.handle, format.encode("ascii"))
    graphviz.gvFreeLayout(context, drawing.handle)
    return int(status), bytes(data)


def _set_resolution(graphviz: Any, drawing: Any, dpi: int) -> None:
    graphviz.agattr_label(drawing.handle, 0, b"dpi", str(dpi).encode("ascii"))


def longest_side(box: str) -> float:
    """The longer side in points of a bounding box as Graphviz writes it, with the pad around it."""
    left, low, right, high = map(float, box.replace(",", " ").split())
    return max(right - left, high - low) + 2 * PAD


def resolution(format: str, side: float, wanted: int = DPI) -> int | None:
    """Dots per inch for a picture whose longer side has so many points, as wanted or fewer; None if it is too large."""
    limit = LIMITS.get(format)
    if limit is None:
        return wanted
    if format == "pdf":
        return wanted if side <= limit else None
    fitting = min(wanted, int(limit * POINTS / side))
    return fitting if fitting >= min(LEAST_DPI, wanted) else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
