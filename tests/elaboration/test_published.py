"""What a spec says of published weights, checked against its own tensors."""

from __future__ import annotations

from pathlib import Path

from tests.elaboration.support import mistakes

SPEC = """
params: {norms: [true, false]}
inputs: {x: [N, 3, H = 16, W = 16]}
nodes:
  for i, norm in enumerate(norms):
    stage$i:
      nodes:
        conv: {op: conv2d, out_channels: 4, kernel_size: 1}
        bn: {if: norm, op: batch_norm2d}
weights:
  renames:
    for i in range(len(norms)):
      layers.$i.norm.*: stage$i.bn.*
"""


def test_a_rename_of_use_in_one_turn_is_of_use(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SPEC) == []


def test_a_rename_of_use_in_no_turn_is_told_once(tmp_path: Path) -> None:
    assert mistakes(tmp_path, SPEC, norms=[False, False]) == [("unused", "`stage0.bn.*` matches no tensor")]
