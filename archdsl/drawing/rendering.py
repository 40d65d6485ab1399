"""DOT texts to layouts and pictures: by the Graphviz in the `pygraphviz` wheel, else by `dot` on the PATH."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Final

from archdsl.drawing.layout import Layout, read_layout
from archdsl.drawing.process import INSTALL, Request, checked, one_process, surroundings
from archdsl.drawing.typefaces import lacking
from archdsl.drawing.worker import DPI
from archdsl.figure.errors import MissingError, TooLargeError

TIME_LIMIT: Final = 15.0
"""Seconds that laying figures out, or rendering them, may take: what is left of 20 draws a smaller figure."""


def lay_out(dots: Sequence[str], *, time_limit: float = TIME_LIMIT) -> list[Layout]:
    """Where the boxes and links of each DOT text go. Raises as `pictures` does."""
    return [read_layout(data) for data in _drawn("dot", "json0", dots, time_limit)]


def pictures(
    dots: Sequence[str], format: str, *, time_limit: float = TIME_LIMIT, dpi: int | None = None
) -> list[bytes]:
    """DOT texts with positions as pictures in `svg`, `pdf` or `png`, that with so many dots per inch.

    Raises TooLargeError where all of them take more than `time_limit` seconds or where the format cannot hold
    a picture, MissingError without a Graphviz, and DrawingError where Graphviz objects.
    """
    return _drawn("nop2", format, dots, time_limit, dpi or DPI)


def _drawn(engine: str, format: str, dots: Sequence[str], time_limit: float, dpi: int = DPI) -> list[bytes]:
    other = bool(lacking(set[str]().union(*dots)))
    if (package := _package()) is not None:
        try:
            with one_process() as workers:
                requests = [Request(engine, format, dpi, dot) for dot in dots]
                return workers.drawn(package, requests, time_limit, other=other)
        except MissingError:
            pass
    program = shutil.which("dot")
    if program is None:
        raise MissingError("there is no Graphviz to draw the figure with", INSTALL)
    command = [program, f"-K{engine}", f"-T{format}", *([f"-Gdpi={dpi}"] if format == "png" else [])]
    return [_run(command, dot, time_limit, other) for dot in dots]


def _package() -> str | None:
    """The folder of `pygraphviz`, where it is installed."""
    found = find_spec("pygraphviz")
    return next(iter(found.submodule_search_locations or ()), None) if found is not None else None


def _run(command: Sequence[str], dot: str, time_limit: float, other: bool) -> bytes:
    with surroundings(other=other) as (_, environment):
        try:
            done = subprocess.run(
                command, input=dot.encode(), capture_output=True, env=environment, timeout=time_limit, check=False
            )
        except subprocess.TimeoutExpired:
            raise TooLargeError(f"the layout took more than {time_limit:.0f} seconds") from None
    return checked(done.returncode, done.stdout, done.stderr)
