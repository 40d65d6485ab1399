"""DOT texts to layouts and pictures: by the Graphviz in the `pygraphviz` wheel, else by `dot` on the PATH."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from archdsl.drawing.layout import Layout, read_layout
from archdsl.drawing.metrics import FONTS
from archdsl.drawing.typefaces import folders, lacking
from archdsl.drawing.worker import DPI, SEPARATOR, TOO_LARGE, UNUSABLE
from archdsl.figure.errors import DrawingError, MissingError, TooLargeError

TIME_LIMIT: Final = 15.0
"""Seconds that laying figures out, or rendering them, may take: what is left of 20 draws a smaller figure."""
WRONG: Final = ("mismatched tag", "not recognized", "syntax error", "not well-formed")
"""What Graphviz says on stderr when it draws something else than what it was given."""
INSTALL: Final = "install `pygraphviz` from a wheel (`pip install pygraphviz`), or Graphviz itself"


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
    if find_spec("pygraphviz") is not None:
        command = [sys.executable, "-m", "archdsl.drawing.worker", engine, format, str(dpi)]
        done = _run(command, SEPARATOR.join(dots), time_limit, other)
        if done.returncode == TOO_LARGE:
            raise TooLargeError(f"the figure is too large for {format}")
        if done.returncode != UNUSABLE:
            return list(_parts(_checked(done)))
    program = shutil.which("dot")
    if program is None:
        raise MissingError("there is no Graphviz to draw the figure with", INSTALL)
    command = [program, f"-K{engine}", f"-T{format}", *([f"-Gdpi={dpi}"] if format == "png" else [])]
    return [_checked(_run(command, dot, time_limit, other)) for dot in dots]


def _parts(data: bytes) -> Iterator[bytes]:
    """What the worker wrote, graph by graph."""
    while data:
        length, _, rest = data.partition(b"\n")
        yield rest[: int(length)]
        data = rest[int(length) :]


def _run(command: Sequence[str], dot: str, time_limit: float, other: bool) -> subprocess.CompletedProcess[bytes]:
    """`other` lets in the machine's fonts, for characters that ours lack."""
    with _environment(folders() if other else ()) as environment:
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
def _environment(more: Iterable[Path]) -> Iterator[dict[str, str]]:
    """The environment of the child: our fonts, behind them those in more folders, and our package on the path."""
    with tempfile.TemporaryDirectory(prefix="archdsl-") as folder:
        # copies, because fontconfig writes into the folders that it reads fonts from
        fonts = Path(folder, "fonts")
        fonts.mkdir()
        for font in FONTS.glob("*.ttf"):
            shutil.copyfile(font, fonts / font.name)
        config = Path(folder, "fonts.conf")
        others = "".join(f"<dir>{_xml(each)}</dir>" for each in more)
        filled = _FONTS_CONF.format(fonts=_xml(fonts), others=others, cache=_xml(Path(folder, "cache")))
        config.write_text(filled, "utf-8")
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
  <dir>{fonts}</dir>{others}
  <match target="pattern">
    <edit name="family" mode="prepend" binding="strong"><string>Archdsl Sans</string></edit>
  </match>
  <cachedir>{cache}</cachedir>
  <match target="pattern"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
  <match target="pattern"><edit name="hintstyle" mode="assign"><const>hintnone</const></edit></match>
  <match target="font"><edit name="hinting" mode="assign"><bool>false</bool></edit></match>
  <match target="font"><edit name="hintstyle" mode="assign"><const>hintnone</const></edit></match>
</fontconfig>
"""
