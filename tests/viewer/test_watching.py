"""What a watched spec shows: the last network that was whole, with the outputs that were asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
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
