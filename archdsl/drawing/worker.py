"""Runs Graphviz in a process of its own, which `archdsl.drawing.process` starts.

Reads requests from stdin: a line `ENGINE FORMAT DPI LENGTH`, and DOT of that length in bytes. Answers each on stdout: a
line `STATUS LENGTH`, and the picture. Layout holds the interpreter's lock and may run for minutes on a bad graph, so
whoever asks sets a time limit.

Starting is most of what a drawing needs of this process. So nothing is imported here but Graphviz: of `pygraphviz` the
library that it wraps, and not its classes, which import a good part of the standard library.
"""

from __future__ import annotations

import os
import sys
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:  # `typing` would take longer than the rest of a start
    from typing import Any, BinaryIO, Final

TOO_LARGE: Final = 3
"""The picture would be larger than the format allows."""
UNUSABLE: Final = 4
"""Exit status: `pygraphviz` cannot be imported."""
DPI: Final = 150
LEAST_DPI: Final = 48
POINTS: Final = 72
PAD: Final = 0.08 * POINTS
LIMITS: Final = {"png": 32_000.0, "pdf": 14_400.0}
"""The most pixels (png) or points (pdf) that a side may have."""


def main(package: str, folder: str) -> int:
    """Answers what is asked on stdin until that ends; `folder` is for files of its own. Returns the exit status."""
    try:
        graphviz = _library(package)
    except ImportError as error:
        print(error, file=sys.stderr)
        return UNUSABLE
    context = graphviz.gvContextWithBuiltins()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    with open(os.path.join(folder, "graph.dot"), "w+b") as file:
        while line := asked.readline():
            engine, format, dpi, length = line.split()
            drawing = _read(graphviz, file, asked.read(int(length)))
            status, data = _rendered(graphviz, context, drawing, engine, format.decode("ascii"), int(dpi))
            graphviz.agclose(drawing)
            answers.write(b"%d %d\n" % (status, len(data)) + data)
            answers.flush()
    return 0


def _library(package: str) -> Any:
    """The library in the package in this folder. Raises ImportError."""
    if sys.platform == "win32":  # there the package says where the libraries lie that this one needs
        sys.path.append(os.path.dirname(package))
    else:
        bare = ModuleType("pygraphviz")
        bare.__path__ = [package]
        sys.modules["pygraphviz"] = bare
    from pygraphviz import _graphviz

    return _graphviz


def _read(graphviz: Any, file: BinaryIO, text: bytes) -> Any:
    """Graphviz reads from files alone."""
    file.seek(0)
    file.truncate()
    file.write(text)
    file.seek(0)
    return graphviz.agread(file, None)


def _rendered(graphviz: Any, context: Any, drawing: Any, engine: bytes, format: str, wanted: int) -> tuple[int, bytes]:
    """0 and the picture, or another number."""
    if format == "png":
        _set_resolution(graphviz, drawing, wanted)
    if graphviz.gvLayout(context, drawing, engine):
        return 1, b""
    dpi = resolution(format, longest_side(graphviz.agget(drawing, b"bb").decode("ascii")), wanted)
    if dpi is None:
        return TOO_LARGE, b""
    if dpi < wanted:
        graphviz.gvFreeLayout(context, drawing)
        _set_resolution(graphviz, drawing, dpi)
        graphviz.gvLayout(context, drawing, engine)
    status, data = graphviz.gvRenderData(context, drawing, format.encode("ascii"))
    graphviz.gvFreeLayout(context, drawing)
    return int(status), bytes(data)


def _set_resolution(graphviz: Any, drawing: Any, dpi: int) -> None:
    graphviz.agattr_label(drawing, 0, b"dpi", str(dpi).encode("ascii"))


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
