"""The standard streams of a command: they may be closed, full, or read by nobody, and none of it is a traceback."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO


def prepare() -> None:
    """Puts something in the place of closed streams, of which a file that the command opens would take the number."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)  # gets the lowest number that is free
    # What is written to a closed output is an error, as it is for other commands; there is nobody to tell of errors.
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def finish() -> OSError | None:
    """Writes what waits, and drops what cannot be written: Python would complain of it on exit.

    Returns why the standard output could not be.
    """
    _written(sys.stderr)
    return _written(sys.stdout)


def _written(stream: TextIO) -> OSError | None:
    try:
        stream.flush()
    except OSError as error:
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
            stream.flush()
        return error
    return None
