"""Runs commands in a process of its own, and tells what each took: `python tests/bounded.py FILE COMMAND…`.

Prints a list as JSON: for each command its exit code, its seconds of CPU, the largest memory of the process so far in
megabytes, and what it said.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

COMMANDS = ("check", "summary", "draw", "source", "diff")
MORE = {"draw": ["-o", "figure.svg"], "diff": []}


class Run(NamedTuple):
    """What one command did."""

    command: str
    code: int
    seconds: float
    megabytes: float
    said: str


def measured(file: Path, commands: tuple[str, ...], limit: float = 300) -> list[Run]:
    """Runs the commands on a spec, in a new process that imports no torch."""
    line = [sys.executable, __file__, file.name, *commands]
    done = subprocess.run(line, cwd=file.parent, capture_output=True, text=True, check=False, timeout=limit)
    assert done.returncode == 0, done.stderr
    return [Run(*each) for each in json.loads(done.stdout)]


def _run(file: str, command: str) -> Run:
    from archdsl.cli import commands as cli

    said, started = io.StringIO(), time.process_time()
    arguments = [command, file, *([file] if command == "diff" else []), *MORE.get(command, [])]
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        try:
            code = cli.run(arguments)
        except SystemExit as left:
            code = left.code if isinstance(left.code, int) else 1
    children = sum(os.times()[2:4])
    return Run(command, code, time.process_time() - started + children, _peak(), said.getvalue())


def _peak() -> float:
    """The most memory that this process has used, in megabytes.

    `ru_maxrss` begins with that of the process which forked this one, as large as a worker of pytest.
    """
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    print(json.dumps([_run(sys.argv[1], command) for command in sys.argv[2:]]))
