"""What a watched spec shows: the last network that was whole, with the outputs that were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl import formats
from archdsl.ir.selection.choosing import Selection
from archdsl.viewer import watching
from archdsl.viewer.watching import Watched

SPEC = "archdsl: 1\nname: net\ninputs: {x: [N, 3]}\nnodes: {first: relu, second: tanh}\n"


def kinds(watched: Watched) -> set[str]:
    assert watched.state.network is not None
    return {kind for kind in ("ReLU", "Tanh") if kind in str(watched.state.network)}


def test_the_outputs_that_are_asked_for_are_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(SPEC)
    assert kinds(Watched(str(file), {}, {})) == {"ReLU", "Tanh"}
    watched = Watched(str(file), {}, {}, selection=Selection("first"))
    assert kinds(watched) == {"ReLU"}

    file.write_text(SPEC.replace("first", "begin"))
    seen = iter([False, False, True])
    monkeypatch.setattr(watching, "PAUSE", 0)
    monkeypatch.setattr(watched._stopped, "wait", lambda pause: next(seen))
    watched.watch()
    assert watched.state.wrong == "there is no value `first` in `net`; `archdsl summary` lists the paths"
    assert kinds(watched) == {"ReLU"}


def test_an_output_that_there_is_not(tmp_path: Path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(SPEC)
    with pytest.raises(archdsl.OutputsError, match="there is no value `third` in `net`"):
        Watched(str(file), {}, {}, selection=Selection("third"))


def test_a_theme_is_followed_as_the_spec_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, theme = tmp_path / "net.yaml", tmp_path / "theme.yaml"
    file.write_text(SPEC)
    theme.write_text("labels: {first: Begin}\n")
    watched = Watched(str(file), {}, {}, look=lambda graph: formats.asked(graph, {"theme": theme}), beside=[theme])
    assert "Begin" in str(watched.state.network)
    monkeypatch.setattr(watching, "PAUSE", 0)
    for text, wrong, label in (
        ("labels: {frist: Start}\n", "did you mean `first`?", "Begin"),
        ("labels: {first: Start}\n", "", "Start"),
    ):
        theme.write_text(text)
        seen = iter([False, True])
        monkeypatch.setattr(watched._stopped, "wait", lambda pause, seen=seen: next(seen))
        watched.watch()
        assert (wrong in watched.state.wrong) == bool(wrong or not watched.state.wrong)
        assert label in str(watched.state.network)
