"""Modules that are named by what makes them, as on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from tests.cli.tiny import Cli

NET = """
import torch
from torch import nn

class Net(nn.Module):
    def __init__(self, width: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, padding=1)
        self.head = nn.Linear(width, 10)

    def forward(self, image):
        return self.head(self.conv(image).relu().mean((2, 3)))

class Unbatched(nn.Module):
    def forward(self, x):
        return nn.functional.max_pool2d(x, 2)

def broken():
    raise RuntimeError("no\\nluck")

def no_module():
    return 3
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "a_module_of_ones_own.py").write_text(NET)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_a_factory_of_ones_own(home: Path, archdsl_cli: Cli) -> None:
    call = ("import", "a_module_of_ones_own:Net", "width=16", "--input", "2,3,32,24")
    assert archdsl_cli(*call, "-o", "net.yaml")[0] == 0
    graph = archdsl.graph("net.yaml")
    assert graph.parameters == 16 * (3 * 9 + 1) + 10 * 17
    assert graph.sample_sizes == {"N": 1, "H": 32, "W": 24}
    assert archdsl_cli(*call)[1] == (home / "net.yaml").read_text()
    assert (
        archdsl_cli("import", "torch.nn:Embedding", "num_embeddings=2", "embedding_dim=3", "--input", "int64:2,5")[0]
        == 0
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("Net widt=16 --input 2,3,32,32", "`a_module_of_ones_own:Net` makes no module: "),
        ("broken --input 2", "`a_module_of_ones_own:broken` makes no module: no\n"),
        ("no_module --input 2", "`a_module_of_ones_own:no_module` gives int, and no `torch.nn.Module`"),
        ("Nett --input 2", "`a_module_of_ones_own` has no `Nett`"),
        ("Net --input 2,4,32,32", "torch.export cannot trace `Net`: "),
        ("Net --input 2,4,32,32 --input 3", "`Net.forward`: too many positional arguments"),
        ("Unbatched --input 3,4,4", "max_pool2d takes a batch (N, C, H, W) of rank 4"),
        ("Net --input x,4", "expected 2,3,224,224 or int64:2,128, found `x,4`"),
        ("Net --input int3:4", "expected 2,3,224,224 or int64:2,128, found `int3:4`"),
        ("Net", "--input"),
    ],
)
def test_a_bad_call_is_told_in_a_line(home: Path, archdsl_cli: Cli, arguments: str, told: str) -> None:
    code, output, error = archdsl_cli("import", *f"a_module_of_ones_own:{arguments}".split(), "-o", "net.yaml")
    assert (code, output) == (2, "")
    assert told in error
    assert "Traceback" not in error
    assert not (home / "net.yaml").exists()


@pytest.mark.parametrize("factory", ["no_such_module_here:Net", "Net", "os:path:join", "../net:Net"])
def test_a_module_that_is_not_there(home: Path, archdsl_cli: Cli, factory: str) -> None:
    code, output, error = archdsl_cli("import", factory, "--input", "2")
    assert (code, output) == (2, "")
    assert f"`{factory.partition(':')[0]}` cannot be imported" in error or f"found `{factory}`" in error
