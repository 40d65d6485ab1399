"""DOT text to a picture: by the Graphviz in the `pygraphviz` wheel, else by `dot` on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from archdsl.diagram.metrics import FONTS
from archdsl.diagram.svg import finish
from archdsl.diagram.worker import DPI, TOO_LARGE, UNUSABLE

FORMATS: Final = ("svg", "pdf", "png", "dot")
TIME_LIMIT: Final = 20.0
"""Seconds that one layout may take."""
WRONG: Final = ("mismatched tag", "not recognized", "syntax error", "not well-formed")
"""What Graphviz says on stderr when it draws something else than what it was given."""
INSTALL: Final = "install `pygraphviz` from a wheel (`pip install pygraphviz`), or Graphviz itself"


class DrawingError(Exception):
    """A figure that cannot be drawn; `hint` says what to do about it, where there is something."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class TooLargeError(DrawingError):
    """Layout took too long, or the picture would be larger than its format allows."""


class MissingError(DrawingError):
    """There is no Graphviz here."""


def picture(dot: str, format: str, title: str, *, time_limit: float = TIME_LIMIT) -> bytes:
    """The picture of a DOT text as `svg`, `pdf` or `png`.

    Raises TooLargeError after `time_limit` seconds or where the format cannot hold the picture,
    MissingError without a Graphviz, and DrawingError where Graphviz objects.
    """
    data = _laid_out(dot, format, time_limit)
    return finish(data.decode(), title).encode() if format == "svg" else data


def _laid_out(dot: str, format: str, time_limit: float) -> bytes:
    for command in _commands(format):
        done = _run(command, dot, time_limit)
        if done.returncode == TOO_LARGE:
            raise TooLargeError(f"the figure is too large for {format}")
        if done.returncode != UNUSABLE:
            return _checked(done)
    raise MissingError("there is no Graphviz to draw the figure with", INSTALL)


def _commands(format: str) -> Iterator[Sequence[str]]:
    """What may draw here, the best first."""
    if find_spec("pygraphviz") is not None:
        yield [sys.executable, "-m", "archdsl.diagram.worker", format]
    program = shutil.which("dot")
    if program is not None:
        yield [program, f"-T{format}", *([f"-Gdpi={DPI}"] if format == "png" else [])]


def _run(command: Sequence[str], dot: str, time_limit: float) -> subprocess.CompletedProcess[bytes]:
    with _environment() as environment:
        try:
            return subprocess.run(
                command, input=dot.encode(), capture_output=True, env=environment, timeout=time_limit, check=False
            )
        except subprocess.TimeoutExpired:
            raise TooLargeError(f"the layout took more than {time_limit:.0f} seconds") from None


def _checked(done: subprocess.CompletedProcess[bytes]) -> bytes:
    """The picture, if Graphviz did not complain."""
    complaint = done.stderr.decode(errors="replace").strip()
    if done.returncode or not done.stdout or any(phrase in complaint for phrase in WRONG):
        last = complaint.splitlines()[-1] if complaint else f"exit status {done.returncode}"
        raise DrawingError(f"graphviz could not draw the figure: {last}")
    return done.stdout


@contextmanager
def _environment() -> Iterator[dict[str, str]]:
    """The environment of the child: our fonts and no others, and our package on the path."""
    with tempfile.TemporaryDirectory(prefix="archdsl-") as folder:
        # copies, because fontconfig writes into the folders that it reads fonts from
        fonts = Path(folder, "fonts")
        fonts.mkdir()
        for font in FONTS.glob("*.ttf"):
            shutil.copyfile(font, fonts / font.name)
        config = Path(folder, "fonts.conf")
        config.write_text(_FONTS_CONF.format(fonts=_xml(fonts), cache=_xml(Path(folder, "cache"))), "utf-8")
        home = str(Path(__file__).parents[2])
        path = os.pathsep.join(part for part in (home, os.environ.get("PYTHONPATH")) if part)
        yield {
            **os.environ,
            "FONTCONFIG_FILE": str(config),
            "PYTHONPATH": path,
            "PYTHONSAFEPATH": "1",
            "PYTHONWARNINGS": "ignore",
        }


def _xml(path: Path) -> str:
    return str(path).replace("&", "&amp;").replace("<", "&lt;")


_FONTS_CONF: Final = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{fonts}</dir>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
  <match target="pattern"><edit name="hintstyle" mode="assign"><const>hintnone</const></edit></match>
  <match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
  <match target="font"><edit name="hintstyle" mode="assign"><const>hintnone</const></edit></match>
</fontconfig>
"""
