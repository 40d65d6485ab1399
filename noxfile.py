"""The environments that the metadata claims: the oldest of everything and the newest, with torch and without.

`nox` runs them all and `nox -s front` those that need no torch, which CI does. The oldest versions are the floors of
pyproject.toml themselves. `docs/compatibility.md` holds the last results.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import nox

ROOT = Path(__file__).parent
OLDEST, NEWEST = "3.10", ("3.12", "3.13")
TOOLS = ("pytest", "pytest-xdist", "hypothesis", "ruff")
BESIDE_TORCH = ("hatchling", "timm", "torchvision")
"""The tests of the wheel and of published weights need them; torchvision is the one that goes with the torch."""
FRONT = (
    "tests/elaboration/test_language.py",
    "tests/elaboration/test_nodes.py",
    "tests/elaboration/test_instances.py",
    "tests/diagnostics",
    "tests/document/test_checked.py",
    "tests/expressions/test_expressions.py",
    "tests/expressions/test_values.py",
    "tests/document/test_inherit.py",
    "tests/test_invalid_specs.py",
    "tests/document/test_loader.py",
    "tests/report/test_report.py",
    "tests/theming",
    "tests/test_without_torch.py",
    "tests/comparison/test_text.py",
    "tests/compiler/writing/test_classes.py",
    "tests/compiler/writing/test_codegen.py",
)
"""Tests that need no torch."""
WHOLE = ("tests", "--ignore=tests/specs")
"""All but the comparisons with reference networks, which are other packages with floors of their own."""

nox.needs_version = ">=2024.4.15"
# Where pyenv keeps interpreters, they need not be on the PATH.
_PYENV = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
for _version in (OLDEST, *NEWEST):
    _found = sorted(_PYENV.glob(f"{_version}.*"), key=lambda path: int(path.name.rpartition(".")[2]))
    if _found:
        os.environ["PATH"] = os.pathsep.join([str(_found[-1] / "bin"), os.environ["PATH"]])


def requirements(*, oldest: bool, torch: bool) -> list[str]:
    """What the project depends on, at the floors or at the newest."""
    project = nox.project.load_toml("pyproject.toml")["project"]
    weights = project["optional-dependencies"]["safetensors"] if torch else []
    wanted = [line for line in (*project["dependencies"], *weights) if torch or not re.match(r"torch\b", line)]
    return [line.replace(">=", "==") if oldest else line for line in wanted]


def prepared(session: nox.Session, *, oldest: bool, torch: bool) -> None:
    # CI's result depends on nothing that is released tomorrow
    pins = ("-c", "constraints.txt") if os.environ.get("CI") and not oldest else ()
    tools = (*TOOLS, *BESIDE_TORCH) if torch else TOOLS
    session.install("-q", *pins, *requirements(oldest=oldest, torch=torch), *tools)
    session.env["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    session.env["OMP_NUM_THREADS"] = "1"
    session.run("python", "-m", "pip", "list")


def tests(session: nox.Session, *chosen: str) -> None:
    session.run("python", "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider", *(session.posargs or chosen))


@nox.session(python=[OLDEST, NEWEST[-1]])
def front(session: nox.Session) -> None:
    """Without torch: what the commands do with the networks that ship, and the tests that need none."""
    prepared(session, oldest=session.python == OLDEST, torch=False)
    session.run("python", "-m", "tests.frontend")
    tests(session, *FRONT)


@nox.session(python=OLDEST)
def oldest(session: nox.Session) -> None:
    """The floors, torch's too: a few gigabytes."""
    prepared(session, oldest=True, torch=True)
    tests(session, *WHOLE)


@nox.session(python=NEWEST)
def newest(session: nox.Session) -> None:
    """The newest of everything: a few gigabytes."""
    prepared(session, oldest=False, torch=True)
    tests(session, *WHOLE)
