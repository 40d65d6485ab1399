"""What `archdsl build` makes, and that it makes it once."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.cli.commands import run
from archdsl.ir.graph import Graph
from archdsl_torch.writing import codegen
from archdsl_torch.writing.plan import Planner

TINY = """\
archdsl: 1
name: tiny
params: {width: 4}
inputs: {x: [N, 3, H = 8, W = 8]}
nodes:
  stem: {op: conv2d, out_channels: 4, kernel_size: 3}
  conv: {op: conv2d, out_channels: width, kernel_size: 3}
  act: relu
"""


@pytest.mark.parametrize("weights", [False, True])
def test_build_plans_and_prints_a_network_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, weights: bool) -> None:
    monkeypatch.chdir(tmp_path)
    tiny = Path("tiny.yaml")
    tiny.write_text(TINY)
    torch.save(archdsl.build(tiny).state_dict(), "some.pth")
    printed: list[Graph] = []
    original = codegen._print

    def counted(planner: Planner, annotated: bool) -> str:
        printed.append(planner.graph)
        return original(planner, annotated)

    monkeypatch.setattr(codegen, "_print", counted)
    # what the width changes is initialised, in a second module; beside the network its twin of the spec's own width is
    options = ("-p", "width=6", "--weights", "some.pth") if weights else ()
    assert run(["build", "tiny.yaml", *options]) == 0
    assert len(printed) == len({*map(id, printed)}) == (2 if weights else 1)
    assert Path("build/tiny/tiny.py").read_text() == archdsl.source(tiny, **({"width": 6} if weights else {}))


@pytest.mark.parametrize(
    ("line", "lost"),
    [
        (("source", "tiny.yaml", "-o", "tiny.yaml"), "tiny.yaml"),
        (("source", "tiny.yaml", "-o", "link"), "link"),
        (("build", "tiny.yaml", "--weights", "tiny.pth", "-o", "."), "tiny.pth"),
    ],
)
def test_nothing_is_written_over_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], line: list[str], lost: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(TINY)
    Path("link").symlink_to("tiny.yaml")
    torch.save(archdsl.build("tiny.yaml").state_dict(), "tiny.pth")
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    assert run(line) == 2
    assert f"archdsl: `{lost}` is what this command reads, and would be lost" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
