"""Every file of tests/specs/invalid/ gets just the diagnostics of the text beside it.

`ARCHDSL_UPDATE=1 pytest tests/test_invalid_specs.py` writes the texts anew: read them before you commit.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.diagnostics.rendering import render_text
from archdsl.document.files import source_of
from archdsl.elaboration.analyse import analyse

FOLDER = Path(__file__).parent / "specs" / "invalid"
FILES = sorted(FOLDER.glob("*.yaml"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_diagnostics_are_as_expected(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(FOLDER)
    _, diagnostics = analyse(file.name)
    text = render_text(diagnostics, source_of, colour=False).rstrip() + "\n"
    expected = file.with_suffix(".txt")
    if os.environ.get("ARCHDSL_UPDATE"):
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert diagnostics, "a file of this folder has a mistake"


def test_there_are_many_mistakes() -> None:
    assert len(FILES) >= 80


def test_no_expected_text_is_left_over() -> None:
    assert {file.stem for file in FOLDER.glob("*.txt")} == {file.stem for file in FILES}
