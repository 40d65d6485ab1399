"""Children of containers may have every name that `check` takes, the containers' own methods among them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

import archdsl
from archdsl.diagnostics.diagnostic import Severity

NAMES = sorted({n for kind in (nn.ModuleDict, nn.ModuleList, nn.Sequential) for n in dir(kind) if n[0] != "_"})
OWN = sorted(set(NAMES) - set(dir(nn.Module)))


@pytest.mark.parametrize("name", OWN)
def test_containers_methods_are_names(name: str, tmp_path: Path) -> None:
    """`keys`, `pop`, `append` …: what nn.Module itself has is refused, what a container adds is not."""
    assert _runs(name, tmp_path), f"`{name}` is refused"


def test_what_a_module_has_is_refused_or_runs(tmp_path: Path) -> None:
    taken = [name for name in NAMES if name not in OWN and _runs(name, tmp_path)]
    assert "forward" not in taken and "train" not in taken


def _runs(name: str, folder: Path) -> bool:
    """Whether `check` takes the name; if so, that the module runs and has the paths of the spec."""
    file = folder / "net.yaml"
    file.write_text(
        f"archdsl: 1\nname: net\ninputs: {{x: [N, 4]}}\nnodes:\n  part.{name}: {{op: linear, out_features: 3}}\n"
        f"  part.other: {{op: linear, out_features: 2}}\n"
    )
    if any(found.severity is Severity.ERROR for found in archdsl.check(file)):
        return False
    module = archdsl.build(file)
    assert module(torch.zeros(2, 4)).shape == (2, 2)
    assert [*module.state_dict()] == [f"part.{n}.{w}" for n in (name, "other") for w in ("weight", "bias")]
    return True
