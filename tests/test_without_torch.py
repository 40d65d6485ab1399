"""Life without PyTorch: all but building a module works, and building says what to install."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

import archdsl

ROOT = Path(__file__).parents[1]
WITHOUT = "import sys; sys.modules['torch'] = None"
"""From here on `import torch` finds none."""
NEEDED = "a module needs PyTorch, which is not installed: `pip install torch`"


def python(code: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs code in a process of its own that finds the checkout, but no torch."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    return subprocess.run(
        [sys.executable, "-c", f"{WITHOUT}\n{code}"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, encoding="utf-8", timeout=120,
        check=False,
    )  # fmt: skip


def run(arguments: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return python(f"from archdsl.cli.commands import run; sys.exit(run({list(arguments)!r}))", folder)


@pytest.mark.parametrize(
    ("command", "code", "seen"),
    [
        ("check swin_t transformer", 0, "transformer: ok"),
        ("summary resnet18", 0, "11,689,512"),
        ("diff resnet18 resnet34", 3, "resnet34"),
        ("list --family lenet5", 0, "lenet5"),
        ("ops conv2d", 0, "conv2d"),
        ("draw lenet5 -o lenet5.svg", 0, ""),
        ("draw lenet5 -o lenet5.html", 0, ""),
    ],
)
def test_a_command_that_makes_no_module_works(command: str, code: int, seen: str, tmp_path: Path) -> None:
    done = run(command.split(), tmp_path)
    assert done.returncode == code, done.stderr
    assert seen in done.stdout


@pytest.mark.parametrize("spec", ["swin_t", "transformer", "seq2seq"])
def test_source_is_the_same(spec: str, tmp_path: Path) -> None:
    done = run(["source", spec], tmp_path)
    assert done.stdout == archdsl.source(spec)


def test_build_says_in_a_line_what_to_install(tmp_path: Path) -> None:
    done = run(["build", "lenet5"], tmp_path)
    told = [line for line in done.stderr.splitlines() if not line.endswith(" …")]  # on a slow machine
    assert (done.returncode, done.stdout, told) == (2, "", [f"archdsl: {NEEDED}"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "call", ["build('lenet5')", "build('lenet5', weights='x.pth')", "load_weights('lenet5', 0, '')"]
)
def test_a_function_that_needs_a_module_says_what_to_install(call: str, tmp_path: Path) -> None:
    code = f"import archdsl\ntry:\n    archdsl.{call}\nexcept ImportError as error:\n    print(error.name, error)"
    assert python(code, tmp_path).stdout == f"torch {NEEDED}\n"


def test_the_viewer_starts_and_answers(tmp_path: Path) -> None:
    code = """
from threading import Thread
from urllib.request import urlopen
from archdsl.viewer.server import Server
from archdsl.viewer.watching import Watched
server = Server(Watched("lenet5", {}, {}), 0)
Thread(target=server.run, kwargs={"browser": False}, daemon=True).start()
print(urlopen(server.url, timeout=30).status)
"""
    done = python(code, tmp_path)
    assert done.stdout == "200\n", done.stderr
