"""Watches what Python does: processes, sockets, files that are written, and code that is run."""

from __future__ import annotations

import os
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = str(Path(__file__).parents[1])
PROCESSES: Final = frozenset(("os.system", "os.exec", "os.spawn", "os.startfile", "pty.spawn"))
CHANGES: Final = frozenset(
    ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.symlink", "os.link", "os.truncate", "shutil.rmtree")
)
WRITES: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_watching = threading.local()


class _Watch:
    def __init__(self, folders: tuple[str, ...]) -> None:
        self.folders = tuple(map(os.path.realpath, folders))
        self.found: list[str] = []

    def see(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Notes what should not happen."""
        if event in ("subprocess.Popen", "os.posix_spawn"):  # Python 3.13 tells of both
            command = [os.fsdecode(each) for each in arguments[1]]
            if command[:3] != [sys.executable, "-S", "-s"] or f"{ROOT}/archdsl/drawing" not in command:
                self.found.append(f"process {command}")
        elif event in PROCESSES or event.startswith("socket."):
            self.found.append(f"{event} {arguments[:2]}")
        elif event == "open":
            path, mode, flags = arguments
            writes = bool(flags & WRITES) if isinstance(flags, int) else bool(mode and set(mode) & set("wxa+"))
            if writes and not self.allows(path):
                self.found.append(f"writes {path}")
        elif event in CHANGES and not self.allows(arguments[0], arguments[-1]):
            self.found.append(f"{event} {arguments[0]}")
        elif event == "exec":
            self.code(arguments[0])

    def allows(self, path: Any, folder: Any = -1) -> bool:
        """Whether a file may be written; `folder` is the descriptor of the one that a relative path is in."""
        if isinstance(path, int):
            return True
        around = os.readlink(f"/proc/self/fd/{folder}") if isinstance(folder, int) and folder >= 0 else ""
        full = os.path.realpath(os.path.join(around, os.fsdecode(path)))
        return full == os.devnull or full.startswith(self.folders) or "__pycache__" in full

    def code(self, code: Any) -> None:
        """Code of Python, of installed packages, of ours, and what they generate under other names."""
        file = getattr(code, "co_filename", "")
        known = (ROOT, *OWN, "<frozen", "<string>", "<attrs", "<stdin", "<unknown", "archdsl_torch/generated", "<eval")
        if file and not file.startswith(known):
            self.found.append(f"runs {file}")


OWN: Final = (sys.prefix, sys.base_prefix, *sysconfig.get_paths().values())


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    watch = getattr(_watching, "watch", None)
    if watch is not None:
        watch.see(event, arguments)


sys.addaudithook(_hook)


@contextmanager
def nothing_happens(folder: Path) -> Iterator[None]:
    """Fails where code in the block starts a process but the layout worker, opens a socket, writes elsewhere than in
    `folder` and temporary folders, or runs code from an unknown place."""
    watch = _watching.watch = _Watch((str(folder), tempfile.gettempdir()))
    try:
        yield
    finally:
        del _watching.watch
    assert not watch.found, watch.found
