"""Commands whose streams are closed, full or left, and Ctrl-C at any time: a line at most, and no traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

COMMAND = f"{sys.executable} -m archdsl"
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
CLOSED, FULL = "archdsl: bad file descriptor\n", "archdsl: no space left on device\n"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="needs a shell")


def shell(line: str) -> tuple[int, str, str]:
    done = subprocess.run(
        ["/bin/sh", "-c", line.replace("archdsl", COMMAND, 1)],
        env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("line", "code", "error"),
    [
        ("archdsl list >&-", 2, CLOSED),
        ("archdsl --help >&-", 2, CLOSED),
        ("archdsl check alexnet >&-", 2, CLOSED),
        ("archdsl check alexnet --format github >&-", 0, ""),
        ("archdsl list >&- 2>&-", 2, ""),
        ("archdsl list >/dev/full", 2, FULL),
        ("archdsl ops >/dev/full", 2, FULL),
        ("archdsl --help >/dev/full", 2, FULL),
        ("archdsl source alexnet >/dev/full", 2, FULL),
        ("archdsl check nowhere 2>&-", 2, ""),
        ("archdsl summary nowhere 2>/dev/full", 2, ""),
        ("archdsl bogus 2>/dev/full", 2, ""),
        ("archdsl --bogus 2>/dev/full", 2, ""),
        ("archdsl check alexnet <&-", 0, ""),
        ("archdsl source alexnet -o /dev/full", 2, "archdsl: `/dev/full`: no space left on device\n"),
    ],
)
def test_streams_that_take_nothing(line: str, code: int, error: str) -> None:
    if "/dev/full" in line and not Path("/dev/full").exists():
        pytest.skip("no full device here")
    found, _, told = shell(line)
    assert (found, told) == (code, error)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no full device here")
@pytest.mark.parametrize("call", ["--help", "--version", "check --help", "ops"])
def test_output_that_does_not_wait_is_noticed_too(call: str) -> None:
    """Python then writes at once: it is the one who prints that meets the error."""
    line = f"PYTHONUNBUFFERED=1 {COMMAND} {call} >/dev/full"
    done = subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (2, FULL)


def test_a_closed_output_is_no_place_for_files(tmp_path: Path) -> None:
    """A file that is opened while the output is closed would get its number, and what is printed."""
    (tmp_path / "net.yaml").write_text("archdsl: 1\ninputs: {x: [N, 3]}\nnodes: {a: relu}\n")
    code, _, _ = shell(f"archdsl source {tmp_path}/net.yaml -o {tmp_path}/net.py 2>&- >&-")
    assert code == 0 and (tmp_path / "net.py").read_text().startswith('"""net')


def test_a_reader_that_has_seen_enough() -> None:
    assert shell("archdsl list | head -1")[2] == ""


@pytest.mark.parametrize("moment", [0.0, 0.2, 0.5, 1.5])
@pytest.mark.parametrize("command", ["summary swin_t", "draw resnet18 -o x.svg", "build resnet18"])
@pytest.mark.slow
def test_an_interrupt_at_any_time_is_a_line(tmp_path: Path, command: str, moment: float) -> None:
    # A shell that runs the tests in the background ignores interrupts, and so would what it starts.
    code = (
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from archdsl.cli import commands as cli; run = cli.run; "
        "cli.run = lambda given: print('started', flush=True) or run(given); "
        "sys.argv[0] = 'archdsl'; cli.main()"
    )
    running = subprocess.Popen(
        [sys.executable, "-c", code, *command.split()], cwd=tmp_path, env=ENVIRONMENT, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    assert running.stdout is not None
    assert running.stdout.readline() == "started\n"
    time.sleep(moment)
    os.killpg(running.pid, signal.SIGINT)
    _, error = running.communicate(timeout=60)
    if running.returncode == -signal.SIGABRT and "pybind11::error_already_set" in error:
        pytest.skip("it came while torch's own C++ was being imported, which ends the process")
    assert running.returncode in (130, 0, -signal.SIGINT), error
    assert "Traceback" not in error
    assert running.returncode == 0 or error.endswith("archdsl: interrupted\n")


@pytest.mark.parametrize(
    ("then", "code"),
    [("return 1", 130), ("raise ImportError('half imported')", 130), ("sys.exit(2)", 130), ("return 0", 0)],
)
def test_an_interrupt_that_a_library_makes_something_else_of(tmp_path: Path, then: str, code: int) -> None:
    """As torch may while it is imported."""
    lines = (
        "import signal, sys", "signal.signal(signal.SIGINT, signal.default_int_handler)",
        "from archdsl.cli import commands as cli", "def run(given):", "    try:",
        "        signal.raise_signal(signal.SIGINT)", "    except BaseException:", f"        {then}",
        "cli.run = run", "cli.main()",
    )  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        check=False,
        env=ENVIRONMENT,
        text=True,
        capture_output=True,
    )
    assert done.returncode == code
    assert done.stderr == ("archdsl: interrupted\n" if code else "")
