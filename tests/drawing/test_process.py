"""The child that runs Graphviz: one for a picture, another after a failure, and none that is left behind."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archdsl.drawing import process
from archdsl.drawing.painting import painted
from archdsl.drawing.process import one_process
from archdsl.drawing.rendering import lay_out, pictures
from archdsl.figure.errors import DrawingError, TooLargeError
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.formats import figure_svg
from tests.figure.building import residual_network

DOT = "digraph { a -> b }"


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Those that are started; in the end none runs, and none has left a file."""
    started: list[subprocess.Popen[bytes]] = []
    really = subprocess.Popen
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(process.tempfile, "tempdir", str(folder))

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(really(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(process.subprocess, "Popen", start)
    yield started
    assert started
    assert all(child.returncode is not None for child in started)
    assert not list(folder.iterdir())


def test_a_picture_takes_one_child(children: list[subprocess.Popen[bytes]]) -> None:
    figure_svg(residual_network())
    assert len(children) == 1
    painted([outline(residual_network(), View(depth=depth)) for depth in (1, 2)], "svg")
    assert len(children) == 2


def test_after_one_that_was_stopped_comes_another(children: list[subprocess.Popen[bytes]]) -> None:
    with one_process():
        with pytest.raises(TooLargeError, match="more than 0 seconds"):
            lay_out([DOT], time_limit=0.001)
        (layout,) = lay_out([DOT])
    assert len(children) == 2
    assert layout.boxes.keys() == {"a", "b"}


@pytest.mark.parametrize("broken", ["digraph {", "digraph { a [label=<<B>x</I>>] }"])
def test_a_mistake_of_one_graph_is_not_told_of_the_next(broken: str, children: list[subprocess.Popen[bytes]]) -> None:
    alone = pictures([DOT], "svg")
    with one_process():
        with pytest.raises(DrawingError, match="graphviz could not draw"):
            lay_out([broken])
        assert pictures([DOT], "svg") == alone


def test_one_that_dies_is_an_error(children: list[subprocess.Popen[bytes]]) -> None:
    with one_process():
        lay_out([DOT])
        children[0].kill()
        children[0].wait()
        with pytest.raises(DrawingError, match="exit status"):
            lay_out([DOT])


def test_the_fonts_of_the_machine_are_let_in_by_another_child(children: list[subprocess.Popen[bytes]]) -> None:
    with one_process():
        for letter in ("a", "\N{CYRILLIC SMALL LETTER ZHE}", "\N{CYRILLIC SMALL LETTER ZHE}", "b"):
            lay_out([f"digraph {{ {letter} }}"])
    assert len(children) == 3


def test_it_starts_with_little() -> None:
    """`typing` alone, with what that imports, would take longer than a start."""
    code = f"import sys; sys.path.append({str(Path(process.__file__).parent)!r}); import worker; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-S", "-s", "-c", code], capture_output=True, text=True, check=True)
    assert {"typing", "re", "collections", "pathlib", "archdsl"}.isdisjoint(done.stdout.split())


@pytest.mark.parametrize("name", ["worker", "os", "types", "pygraphviz", "sitecustomize"])
def test_what_lies_about_is_not_run(
    name: str, children: list[subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
    monkeypatch.chdir(tmp_path)
    for variable in ("PYTHONPATH", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONSAFEPATH"):
        monkeypatch.setenv(variable, str(tmp_path))
    assert pictures([DOT], "svg")[0].startswith(b"<?xml")
