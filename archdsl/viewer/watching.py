"""Follows a spec while it is being written: the last network that was whole, and what is wrong since."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.rendering import render_text
from archdsl.diagnostics.spec_error import SpecError
from archdsl.document.files import source_of
from archdsl.document.inherit import Reader
from archdsl.elaboration.analyse import analyse
from archdsl.figure.errors import DrawingError
from archdsl.figure.view import USUAL, View
from archdsl.ir.graph import Graph
from archdsl.ir.selection.choosing import NOTHING, Selection, chosen
from archdsl.ir.selection.error import OutputsError
from archdsl.viewer.content import Content, content
from archdsl.viewer.figures import Drawn

PAUSE: Final = 0.3
"""Seconds between two looks at the files."""

Stamps = dict[Path, "tuple[int, int, int] | None"]


def _usual(graph: Graph) -> View:
    return USUAL


class Showing(NamedTuple):
    """What a page is to show."""

    version: int
    network: Content | None
    """As it was when the spec was last whole."""
    wrong: str
    """The diagnostics as a terminal shows them; empty where the spec is whole."""


class Watched:
    """A spec and the files that it is made of."""

    def __init__(
        self,
        spec: str,
        params: Mapping[str, Any],
        sizes: Mapping[str, int],
        include: tuple[Path, ...] = (),
        made: Graph | None = None,
        selection: Selection = NOTHING,
        look: Callable[[Graph], View] = _usual,
        beside: Iterable[Path] = (),
    ) -> None:
        """Reads the spec a first time, with `include` in its reach, for the outputs of the `selection`.

        `look` says how figures look, for which it reads the files `beside` the spec. It may raise SpecError.
        `made` is its graph where that comes from no files, and stays as it is. Raises DrawingError where it cannot be
        drawn, and OutputsError where it cannot have these outputs.
        """
        self._given = spec, params, sizes
        self._made, self._selection = made, selection
        self._include = include
        self._look, self._beside = look, tuple(beside)
        self._drawn: Drawn = {}
        self._stamps: Stamps = {}
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self.state = Showing(0, None, "")
        self.diagnostics: list[Diagnostic] = []
        """Of the last reading, warnings too."""
        self._read()

    @property
    def stopped(self) -> bool:
        return self._stopped.is_set()

    def stop(self) -> None:
        """Ends `watch` and wakes whoever waits for a change."""
        self._stopped.set()
        with self._changed:
            self._changed.notify_all()

    def after(self, version: int, patience: float) -> Showing:
        """The state once it is another than of this version, at the latest after so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self.stopped or self.state.version != version, patience)
            return self.state

    def watch(self) -> None:
        """Reads the spec again whenever one of its files changes, until it is stopped."""
        while not self._stopped.wait(PAUSE):
            if _stamps(self._stamps) == self._stamps:
                continue
            try:
                self._read()
            except DrawingError as error:
                self._show(None, f"{error}\n{error.hint or ''}".rstrip())
            except (OutputsError, SpecError) as error:
                self._show(None, str(error))

    def _read(self) -> None:
        before = _stamps(self._stamps)
        reader = Reader(self._include)
        graph, self.diagnostics = (self._made, []) if self._made else analyse(*self._given, reader)
        # While something is wrong, a file that is missing may appear in a folder.
        folders = {file.parent for file in reader.files} if graph is None else set()
        known = {*reader.files, *folders, *self._beside} or before.keys()
        # What is known already is as it was before reading: a change since then is not to go unseen.
        self._stamps = {path: before.get(path, stamp) for path, stamp in _stamps(known).items()}
        if graph is None:
            self._show(None, render_text(self.diagnostics, source_of, colour=False))
        else:
            made = chosen(graph, self._selection)
            self._show(content(made, self._drawn, self._look(made)), "")

    def _show(self, network: Content | None, wrong: str) -> None:
        with self._changed:
            self.state = Showing(self.state.version + 1, network or self.state.network, wrong)
            self._changed.notify_all()


def _stamps(paths: Iterable[Path]) -> Stamps:
    """What tells, file by file, whether it has changed."""
    return {path: _stamp(path) for path in paths}


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
