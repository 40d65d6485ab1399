"""`was`: weights under a node's earlier name still load."""

from pathlib import Path

import torch

import archdsl

SPEC = """
archdsl: 1
name: renamed
inputs: {x: [N, 4]}
nodes:
  fc: {op: linear, out_features: 4, was: head}
  body:
    was: old.block
    nodes:
      - {op: linear, out_features: 4}
      - {op: linear, out_features: 2, was: last}
"""


def built(folder: Path) -> torch.nn.Module:
    file = folder / "renamed.yaml"
    file.write_text(SPEC)
    return archdsl.build(file, seed=0)


def test_the_old_names_load(tmp_path: Path) -> None:
    model = built(tmp_path)
    renames = {"fc": "head", "body.0": "old.block.0", "body.1": "old.block.last"}
    old = {
        renames[key.rpartition(".")[0]] + "." + key.rpartition(".")[2]: torch.full_like(tensor, 0.5)
        for key, tensor in model.state_dict().items()
    }
    assert set(old) == {f"{name}.{part}" for name in renames.values() for part in ("weight", "bias")}
    model.load_state_dict(old)
    assert all(bool((tensor == 0.5).all()) for tensor in model.state_dict().values())


def test_the_new_names_load(tmp_path: Path) -> None:
    model, other = built(tmp_path), built(tmp_path)
    for parameter in other.parameters():
        torch.nn.init.ones_(parameter)
    model.load_state_dict(other.state_dict())
    assert all(bool((tensor == 1).all()) for tensor in model.state_dict().values())
