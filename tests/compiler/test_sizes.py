"""Sizes that only the run can compare."""

from pathlib import Path

import pytest
import torch

import archdsl

SPEC = """
archdsl: 1
name: two
inputs: {x: [N, T = 4, 8], y: [N, T, 8]}
nodes: {m: = x + y, z: {op: linear, out_features: 3}}
"""


def test_inputs_that_name_one_size_must_agree(tmp_path: Path) -> None:
    file = tmp_path / "two.yaml"
    file.write_text(SPEC)
    model = archdsl.build(file, seed=0)
    assert model(torch.ones(2, 5, 8), torch.ones(2, 5, 8)).shape == (2, 5, 3)
    # torch alone would broadcast this
    with pytest.raises(AssertionError, match="dimension 1 of `y`"):
        model(torch.ones(2, 4, 8), torch.ones(2, 1, 8))
