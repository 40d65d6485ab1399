"""No code of a spec is reached: an audit hook that notes every process, socket, and write outside of some folders."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

FORBIDDEN: Final = frozenset((
    "subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.forkpty", "os.spawn", "pty.spawn",
    "socket.connect", "socket.bind", "socket.getaddrinfo", "urllib.Request", "ctypes.dlopen", "os.remove", "os.rmdir",
    "os.rename", "os.chmod", "os.kill", "shutil.rmtree", "webbrowser.open", "pickle.find_class",
))  # fmt: skip
_WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class _Guard:
    """The one hook of the process: there is no way to take one out again."""

    def __init__(self) -> None:
        self.reached: list[str] | None = None
        """What was noted, while somebody looks."""
        self.allowed: tuple[str, ...] = ()
        self.installed = False

    def install(self) -> None:
        if not self.installed:
            sys.addaudithook(self.note)
            self.installed = True

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.reached is None:
            return
        if event in FORBIDDEN:
            self.reached.append(f"{event} {arguments!r:.120}")
        elif event == "open" and _is_write(arguments) and not str(arguments[0]).startswith((*self.allowed, "/dev/")):
            self.reached.append(f"open for writing {arguments[0]!r:.120}")
        elif event == "exec" and not os.path.isabs(getattr(arguments[0], "co_filename", "")):
            # modules are imported from files, and code of a spec would have none
            self.reached.append(f"exec of {arguments[0]!r:.120}")


_GUARD: Final = _Guard()


@contextmanager
def watched(folders: Sequence[Path] = ()) -> Iterator[list[str]]:
    """A list of what is reached inside the `with`; only these folders may be written into."""
    _GUARD.install()
    _GUARD.reached, _GUARD.allowed = [], tuple(str(folder.resolve()) for folder in folders)
    try:
        yield _GUARD.reached
    finally:
        _GUARD.reached = None


def _is_write(arguments: tuple[Any, ...]) -> bool:
    _, mode, flags = (*arguments, None, None)[:3]
    return any(letter in mode for letter in "wax+") if isinstance(mode, str) else bool((flags or 0) & _WRITES)
