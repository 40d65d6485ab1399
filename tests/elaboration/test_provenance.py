"""The files that a spec names for the weights of its parts: which they are, and which may be read."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl

INNER = "archdsl: 1\nname: net\ninputs: {x: [N, 3]}\nnodes:\n  fc: {op: linear, out_features: 4}\n"
OUTER = """
archdsl: 1
name: outer
params: {n: 2}
inputs: {x: [N, 3]}
nodes:
  for i in range(n):
    part$i: {op: spec.net, from: x}
  sum: {op: add, from: [{for i in range(n): part$i}]}
weights:
  files:
    for i in range(n):
      part$i: net$(i + 1).pth
"""


@pytest.fixture
def outer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(INNER)
    Path("outer.yaml").write_text(OUTER)
    return Path("outer.yaml")


def test_names_and_files_are_written_out(outer: Path, tmp_path: Path) -> None:
    found = archdsl.graph(outer).provenance
    folder = tmp_path.resolve()
    assert found.weights == (("part0", folder / "net1.pth"), ("part1", folder / "net2.pth"))
    assert found.specs == dict.fromkeys(("part0", "part1"), folder / "net.yaml")
    assert archdsl.check(outer) == []


def test_a_file_stands_beside_the_spec_that_names_it(outer: Path, tmp_path: Path) -> None:
    Path("lib").mkdir()
    outer.rename("lib/outer.yaml")
    Path("mine.yaml").write_text("archdsl: 1\nextends: lib/outer.yaml\nname: mine\nparams: {n: 1}\n")
    (found,) = archdsl.graph("mine.yaml").provenance.weights
    assert found.path == tmp_path.resolve() / "lib" / "net1.pth"


def test_a_link_that_leads_out_of_reach_is_refused(
    outer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    for each in ("outer.yaml", "net.yaml"):
        Path(each).rename(inner / each)
    (tmp_path / "secret.pth").touch()
    (inner / "net2.pth").symlink_to(tmp_path / "secret.pth")
    monkeypatch.chdir(inner)
    (found,) = archdsl.check("outer.yaml")
    assert found.message == "`net2.pth` leads out of the working directory"
    assert archdsl.check("outer.yaml", include=tmp_path) == []


def test_json_names_no_files_of_this_machine(outer: Path) -> None:
    graph = archdsl.graph(outer)
    text = graph.to_json()
    assert "net1.pth" not in text.split('"sites"')[0].split('"files"')[0]
    assert archdsl.Graph.from_json(text).provenance == ((), {}, (), None)
