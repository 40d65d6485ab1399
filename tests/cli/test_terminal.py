"""What reaches a screen, a pipe and a file."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from archdsl.cli import commands as cli
from tests.cli.tiny import BROKEN, TINY, Cli, spawn


def test_a_closed_pipe_is_quiet() -> None:
    command = f"'{sys.executable}' -m archdsl ops | head -n 1 >&2; exit ${{PIPESTATUS[0]}}"
    done = spawn("bash", "-c", command)
    assert done.returncode in (0, cli.BROKEN_PIPE)
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("no_color", "coloured"), [("", True), ("1", False)])
def test_colour_is_for_terminals_that_want_it(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, no_color: str, coloured: bool
) -> None:
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    tiny.write_text(BROKEN)
    assert cli.run(["check", str(tiny)]) == 1
    assert ("\x1b[" in screen.getvalue()) is coloured


def test_text_in_brackets_reaches_the_screen(archdsl_cli: Cli, tiny: Path) -> None:
    tiny.write_text(TINY.replace("act: $act", "act: '[bold]red[/bold]'"))
    assert "[bold]red[/bold]" in archdsl_cli("check", tiny)[1]


def test_output_survives_a_poor_encoding() -> None:
    done = spawn(sys.executable, "-m", "archdsl", "summary", "lenet5", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "6?28?28" in done.stdout
