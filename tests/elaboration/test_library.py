"""Files of blocks alone are checked block by block."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl.cli.commands import run

SPECS = Path(__file__).parents[2] / "specs"

LIBRARY = """\
archdsl: 1
params: {rate: 0.1, unread: 1}
blocks:
  unit:
    inputs: {x: [N, C, H, W]}
    params: {width: 8, spare: 2}
    nodes:
      conv: {op: conv2d, out_channels: width, kernel_size: 3}
      drop: {op: dropout, p: rate}
  pair: {inputs: {x: [N, C, H, W]}, nodes: [{op: unit, width: 4}, relu]}
"""
WRONG = LIBRARY.replace("kernel_size", "kernel").replace("op: dropout", "op: droput").replace("width: 4", "widht: 4")


def written(folder: Path, text: str) -> Path:
    file = folder / "library.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize("file", sorted((SPECS / "blocks").glob("*.yaml")), ids=lambda file: file.stem)
def test_the_libraries_that_ship_have_no_mistakes(file: Path) -> None:
    assert archdsl.check(file) == []


def test_each_block_is_looked_at(tmp_path: Path) -> None:
    found = [(each.code, each.span and each.span.line) for each in archdsl.check(written(tmp_path, WRONG))]
    assert found == [("unknown-field", 8), ("unknown-op", 9), ("unknown-field", 10)]


def test_what_nothing_reads_is_told_and_blocks_are_for_others(tmp_path: Path) -> None:
    found = archdsl.check(written(tmp_path, LIBRARY))
    assert [(each.code, each.message) for each in found] == [
        ("unused", "nothing reads the parameter `unread`"),
        ("unused", "nothing reads the parameter `spare` of `unit`"),
    ]


def test_a_library_is_ok_and_no_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, LIBRARY.replace(", unread: 1", "").replace(", spare: 2", ""))
    assert run(["check", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: 2 blocks, ok\n"
    with pytest.raises(archdsl.SpecError, match="a spec needs `nodes`"):
        archdsl.graph(file)


@pytest.mark.parametrize("text", ["archdsl: 1\n", "archdsl: 1\nblocks: {}\n", f"{LIBRARY}inputs: {{x: [N, 3]}}\n"])
def test_a_file_without_blocks_or_with_inputs_is_a_network_without_nodes(tmp_path: Path, text: str) -> None:
    assert "a spec needs `nodes`" in [each.message for each in archdsl.check(written(tmp_path, text))]


def test_a_library_may_ask_for_too_much(tmp_path: Path) -> None:
    text = "archdsl: 1\nblocks:\n  b: {inputs: {x: [N, 3]}, nodes: [{for i in range(10**9): {op: relu}}]}\n"
    assert [each.code for each in archdsl.check(written(tmp_path, text))] == ["too-large"]
