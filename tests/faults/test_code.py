"""Codes are data: texts show their value, and nothing in the sources spells one out."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from archdsl.faults.code import Code

SOURCES = Path(__file__).parents[2] / "archdsl"
CODES = {code.value for code in Code}
OTHER_MEANINGS = {("frames.py", "absent")}
"""Texts that are a code's and mean something else: a state of an entry."""


def sources() -> dict[Path, ast.Module]:
    files = [path for path in SOURCES.rglob("*.py") if path != SOURCES / "faults" / "code.py"]
    return {path: ast.parse(path.read_text("utf-8")) for path in files}


@pytest.mark.parametrize("code", Code)
def test_a_code_is_shown_as_its_value(code: Code) -> None:
    assert (str(code), f"{code}", f"{code:>20}") == (code.value, code.value, code.value.rjust(20))
    assert json.dumps({"code": code}) == f'{{"code": "{code.value}"}}'


def test_no_source_spells_a_code_out() -> None:
    spelled = {
        (path.name, node.value)
        for path, tree in sources().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in CODES
    }
    assert spelled == OTHER_MEANINGS


def test_every_code_can_be_met() -> None:
    named = {
        node.attr
        for tree in sources().values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"
    }
    assert named == set(Code.__members__)
