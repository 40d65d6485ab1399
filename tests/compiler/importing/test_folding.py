"""An imported module is written with blocks, called as its classes are, and loops."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from archdsl.porting import folded
from archdsl.unparsing.likeness import first_difference
from archdsl_torch.importing.importer import classes_of, spec_of


class FeedForward(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.down(torch.relu(self.up(self.norm(x))))


class Stages(nn.Module):
    """Stages of layers, of which each but the first begins with another width."""

    def __init__(self, widths: tuple[int, ...] = (8, 16, 32), depth: int = 3) -> None:
        super().__init__()
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Linear(before, width), *(FeedForward(width) for _ in range(depth)))
            for before, width in zip((4, *widths), widths, strict=False)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for stage in self.stages:
            x = stage(x)
        return x


def imported(module: nn.Module, *inputs: torch.Tensor) -> str:
    traced = archdsl.loads(spec_of(module, inputs, "net"))
    text, found = folded(traced, classes_of(module))
    assert first_difference(traced, found) is None
    built = archdsl.build(found, init=False)
    assert list(built.state_dict()) == list(module.state_dict())
    return text


def test_blocks_are_called_as_classes_and_layers_stand_under_for() -> None:
    text = imported(Stages(), torch.randn(2, 5, 4))
    assert text == STAGES
    assert archdsl.spec(archdsl.from_module(Stages(), torch.randn(2, 5, 4), name="net")) == STAGES


STAGES = """\
archdsl: 1
name: net

inputs: {x: [N, T = 5, 4]}

blocks:
  feed_forward:
    inputs: {x: [N, T, C]}
    nodes:
      norm: layer_norm
      up: {op: linear, out_features: C * 4}
      relu: relu
      down: {op: linear, out_features: C}
      add: = x + down

nodes:
  for i in range(3):
    stages.$i: [{op: linear, out_features: 8 * 2 ** i}, {for k in range(3): feed_forward}]
"""


def test_the_command_folds_and_can_be_told_not_to(
    archdsl_cli: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    here = f"{__name__}:Stages"
    code, text, _ = archdsl_cli("import", here, "--input", "2,5,4")
    assert (code, text) == (0, STAGES.replace("name: net", "name: stages"))
    whole = archdsl_cli("import", here, "--input", "2,5,4", "--expanded")[1]
    assert "blocks:" not in whole and len(whole.splitlines()) > 2 * len(text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize(("name", "limit"), [("resnet50", 80), ("swin_t", 160), ("vit_b_16", 100)])
def test_published_networks_are_short(name: str, limit: int) -> None:
    from tests.references import torchvision_shim  # noqa: F401 - first of all

    models = pytest.importorskip("torchvision.models")
    text = imported(getattr(models, name)(), torch.randn(2, 3, 224, 224))
    assert len(text.splitlines()) <= limit
