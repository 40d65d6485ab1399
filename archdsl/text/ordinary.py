"""Opening a stranger's file: never a pipe or a device, and never a path that no file can have."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, Final

_WITHOUT_WAITING: Final = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""A pipe put in the place of a file after the look at it keeps nobody waiting."""


class NotOrdinaryError(OSError):
    """A folder, a pipe or a device where a file is wanted."""


def open_ordinary(path: Path) -> BinaryIO:
    """A file, open for reading; never a pipe, which may keep one waiting, or a device. Raises OSError."""
    check_nameable(path)
    _ordinary(path, path.stat())  # a device is not even opened: that alone may do something
    opened = os.fdopen(os.open(path, os.O_RDONLY | _WITHOUT_WAITING), "rb")
    try:
        _ordinary(path, os.fstat(opened.fileno()))
    except OSError:
        opened.close()
        raise
    return opened


def check_nameable(path: Path) -> None:
    """Raises OSError for a path that no file can have: Python's own error for it is none of files."""
    if "\0" in str(path):
        raise OSError(errno.EINVAL, "a name with NUL in it, which no file can have", str(path))


def _ordinary(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        kind = "a folder" if stat.S_ISDIR(found.st_mode) else "not an ordinary file"
        raise NotOrdinaryError(errno.EINVAL, kind, str(path))
