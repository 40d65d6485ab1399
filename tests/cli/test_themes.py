"""`--theme` on the command line: of figures in every format, of differences, and what is told of one with mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.formats import FORMATS
from tests.cli.tiny import TINY, Cli
from tests.theming.theming_of import HOSTILE

THEME = """\
title: Ours
labels: {conv: Stem, head: Classifier}
colours: {conv2d: "#ffd6a5"}
hide: [flatten]
group: {Middle: [act, pool]}
legend: true
font_size: 12
"""
PACKED = ("pdf", "png", "pptx", "html")


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(TINY)
    Path("theme.yaml").write_text(THEME)
    return tmp_path


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_theme_holds_in_every_format(archdsl_cli: Cli, files: Path, suffix: str) -> None:
    assert archdsl_cli("draw", "net.yaml", "-o", f"net.{suffix}", "--theme", "theme.yaml")[0] == 0
    data = Path(f"net.{suffix}").read_bytes()
    assert data
    if suffix in PACKED:
        return
    text = data.decode().lower()
    assert all(word in text for word in ("ours", "stem", "classifier", "middle", "ffd6a5"))
    assert "flatten" not in text


@pytest.mark.parametrize("suffix", [each for each in FORMATS if each not in PACKED])
def test_what_a_theme_says_is_no_markup(archdsl_cli: Cli, files: Path, suffix: str) -> None:
    Path("theme.yaml").write_text(
        json.dumps({"title": HOSTILE, "labels": {"conv": HOSTILE}, "group": {HOSTILE: ["act"]}})
    )
    assert archdsl_cli("draw", "net.yaml", "-o", f"net.{suffix}", "--theme", "theme.yaml")[0] == 0
    text = Path(f"net.{suffix}").read_text("utf-8")
    assert HOSTILE not in text
    assert "<b>&amp;" not in text


def test_a_difference_has_its_names_and_says_what_changed_in_its_colours(archdsl_cli: Cli, files: Path) -> None:
    wider = ("diff", "net.yaml", "--to", "width=6", "-o", "diff.dot")
    assert archdsl_cli(*wider, "--theme", "theme.yaml")[0] == 3
    text = Path("diff.dot").read_text()
    assert all(word in text for word in ("Ours", "Stem", "altered"))
    assert "ffd6a5" not in text.lower()


def test_mistakes_are_told_as_those_of_a_spec(archdsl_cli: Cli, files: Path) -> None:
    Path("theme.yaml").write_text("labels:\n  cnov: Stem\nlegnd: true\n")
    code, out, err = archdsl_cli("draw", "net.yaml", "-o", "net.svg", "--theme", "theme.yaml")
    assert (code, out) == (1, "")
    assert err == (
        "error[unknown-path]: there is no `cnov` in `tiny`\n --> theme.yaml:2:3\n  |\n2 |   cnov: Stem\n  |   ^^^^\n"
        "  = help: did you mean `conv`?\n\n"
        "error[unknown-key]: unknown key `legnd`\n --> theme.yaml:3:1\n  |\n3 | legnd: true\n  | ^^^^^\n"
        "  = help: did you mean `legend`?\n\n2 errors in theme.yaml\n"
    )
    assert not Path("net.svg").exists()


def test_a_theme_that_is_not_there_is_a_mistake_of_the_call(archdsl_cli: Cli, files: Path) -> None:
    code, _, err = archdsl_cli("draw", "net.yaml", "-o", "net.svg", "--theme", "none.yaml")
    assert code == 2
    assert "`none.yaml` cannot be read: no such file or directory" in err
    code, _, err = archdsl_cli("view", "net.yaml", "--no-browser", "--theme", "none.yaml")
    assert code == 2
    assert "`none.yaml` cannot be read" in err
