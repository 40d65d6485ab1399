"""The child process that runs Graphviz, and what surrounds it: our fonts, a folder of its own, a time limit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path
from threading import Timer
from typing import Final, NamedTuple, final

from archdsl.drawing.metrics import FONTS
from archdsl.drawing.typefaces import folders
from archdsl.drawing.worker import TOO_LARGE, UNUSABLE
from archdsl.figure.errors import DrawingError, MissingError, TooLargeError

INSTALL: Final = "install `pygraphviz` from a wheel (`pip install pygraphviz`), or Graphviz itself"
WRONG: Final = ("mismatched tag", "not recognized", "syntax error", "not well-formed")
"""What Graphviz says on stderr when it draws something else than what it was given."""
_START: Final = (
    "import sys; sys.path = [*sys.path[1:], sys.argv.pop(1)]; import worker; sys.exit(worker.main(*sys.argv[1:]))"
)
_KEPT: Final = ("PYTHONHOME", "PYTHONPLATLIBDIR", "PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE")
"""Of Python's variables, those by which the child finds its library, and does not write where it should not."""


class Request(NamedTuple):
    """One DOT text for `engine`, wanted as `format`, with so many dots per inch."""

    engine: str
    format: str
    dpi: int
    dot: str

    def encoded(self) -> bytes:
        """As the worker reads it."""
        data = self.dot.encode()
        return f"{self.engine} {self.format} {self.dpi} {len(data)}\n".encode() + data


@contextmanager
def one_process() -> Iterator[Workers]:
    """What is drawn inside is drawn by one child: to start one takes longer than most drawings do."""
    if (around := _AROUND.get()) is not None:
        yield around
        return
    workers = Workers()
    token = _AROUND.set(workers)
    try:
        yield workers
    finally:
        _AROUND.reset(token)
        workers.stop()


@final
class Workers:
    """One child at a time, started when it is needed: another one for other fonts, or after one has failed."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._other = False

    def drawn(self, package: str, requests: Sequence[Request], time_limit: float, *, other: bool) -> list[bytes]:
        """What comes of each request. Raises as `rendering.pictures` does, MissingError where `package` is of no use.

        `other` lets in the machine's fonts, for characters that ours lack.
        """
        if self._child is None or self._other is not other:
            self.stop()
            self._child, self._other = _Child(package, other=other), other
        try:
            return self._child.answers(requests, time_limit)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Ends the child, whatever it does."""
        if self._child is not None:
            self._child.stop()
            self._child = None


_AROUND: Final[ContextVar[Workers | None]] = ContextVar("_AROUND", default=None)


class _Child:
    """A process with `archdsl.drawing.worker`."""

    def __init__(self, package: str, *, other: bool) -> None:
        self._late = False
        with ExitStack() as stack:
            folder, variables = stack.enter_context(surroundings(other=other))
            told = folder / "complaints"
            with told.open("ab") as complaints:
                self._process = subprocess.Popen(
                    [sys.executable, "-S", "-s", "-c", _START, str(Path(__file__).parent), package, str(folder)],
                    stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints, env=_bare(variables),
                )  # fmt: skip
            stack.callback(self._end)
            self._complaints = stack.enter_context(told.open("rb"))
            self._open = stack.pop_all()

    def stop(self) -> None:
        self._open.close()

    def _end(self) -> None:
        self._process.kill()
        with suppress(OSError), self._process:  # waits for it, and closes its pipes: what it did not read is lost
            pass

    def answers(self, requests: Sequence[Request], time_limit: float) -> list[bytes]:
        with self._within(time_limit):
            return [self._answer(request) for request in requests]

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Kills the process where what is inside takes longer. Raises TooLargeError then."""
        timer = Timer(seconds, self._kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        except DrawingError:
            if not self._late:
                raise
        finally:
            timer.cancel()
            timer.join()
        if self._late:
            raise TooLargeError(f"the layout took more than {seconds:.0f} seconds")

    def _kill(self) -> None:
        self._late = True
        self._process.kill()

    def _answer(self, request: Request) -> bytes:
        try:
            status, data = self._asked(request.encoded())
        except (OSError, ValueError):  # it has ended
            status, data = self._process.wait(), b""
            if status == UNUSABLE:
                raise MissingError("there is no Graphviz to draw the figure with", INSTALL) from None
        if status == TOO_LARGE:
            raise TooLargeError(f"the figure is too large for {request.format}")
        return checked(status, data, self._complaints.read())

    def _asked(self, request: bytes) -> tuple[int, bytes]:
        """The status and the picture. Raises OSError or ValueError where the process ends."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None and answers is not None
        asked.write(request)
        asked.flush()
        status, length = answers.readline().split()
        return int(status), answers.read(int(length))


def checked(status: int, picture: bytes, complaints: bytes) -> bytes:
    """The picture, if Graphviz did not complain. Raises DrawingError."""
    complaint = complaints.decode(errors="replace").strip()
    if status or not picture or any(phrase in complaint for phrase in WRONG):
        last = complaint.splitlines()[-1] if complaint else f"exit status {status}"
        raise DrawingError(f"graphviz could not draw the figure: {last}")
    return picture


def _bare(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables without those that change what Python does at its start."""
    return {name: each for name, each in variables.items() if name in _KEPT or not name.startswith("PYTHON")}


@contextmanager
def surroundings(*, other: bool) -> Iterator[tuple[Path, dict[str, str]]]:
    """A folder for the child, and the environment in which it finds our fonts, behind them (`other`) the machine's."""
    with tempfile.TemporaryDirectory(prefix="archdsl-") as name:
        # copies, because fontconfig writes into the folders that it reads fonts from
        folder, fonts = Path(name), Path(name, "fonts")
        fonts.mkdir()
        for font in FONTS.glob("*.ttf"):
            shutil.copyfile(font, fonts / font.name)
        config = folder / "fonts.conf"
        others = "".join(f"<dir>{_xml(each)}</dir>" for each in folders()) if other else ""
        filled = _FONTS_CONF.format(fonts=_xml(fonts), others=others, cache=_xml(folder / "cache"))
        config.write_text(filled, "utf-8")
        yield folder, {**os.environ, "FONTCONFIG_FILE": str(config)}


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
