"""The sources of four networks, as they are: read the change before you write them anew.

`ARCHDSL_UPDATE=1 pytest tests/compiler/writing/test_golden.py` writes the files of `golden/`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl

FOLDER = Path(__file__).parent / "golden"
NETWORKS = ("resnet50", "densenet121", "inception_v3", "swin_t")
LONGEST = {"resnet50": 150, "swin_t": 300}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_source_is_as_expected(name: str) -> None:
    text = archdsl.source(name)
    expected = FOLDER / f"{name}.py"
    if os.environ.get("ARCHDSL_UPDATE"):
        FOLDER.mkdir(exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize(("name", "limit"), LONGEST.items())
def test_the_source_is_short(name: str, limit: int) -> None:
    assert len(archdsl.source(name).splitlines()) < limit


@pytest.mark.parametrize("name", NETWORKS)
def test_the_source_imports_torch_alone(name: str) -> None:
    tree = ast.parse(archdsl.source(name))
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else alias.name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    beyond = {module.partition(".")[0] for module in imported} - set(sys.stdlib_module_names)
    assert beyond == {"torch"}


@pytest.mark.parametrize("name", NETWORKS)
def test_the_source_is_tidy(name: str) -> None:
    """As a linter sees it: no unused import or name, no line too long."""
    checked = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,E", "--line-length", "120", "-"],
        input=archdsl.source(name), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("name", NETWORKS)
def test_the_source_is_well_formed(name: str) -> None:
    """ruff has nothing to say, and its formatter nothing to change."""
    file = str(FOLDER / f"{name}.py")
    ruff = [sys.executable, "-m", "ruff"]
    options = ["--isolated", "--line-length=110", file]
    subprocess.run([*ruff, "check", "--select=E,F,I", *options], check=True)
    subprocess.run([*ruff, "format", "--check", *options], check=True)
