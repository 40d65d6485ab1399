"""`archdsl export --to safetensors`: network and weights in one file, which every command takes as a spec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

import archdsl
from tests.cli.tiny import Cli


@pytest.fixture
def bundle(archdsl_cli: Cli, tiny: Path) -> str:
    """A file of the tiny network with weights, and nothing beside it."""
    module = archdsl.build(tiny, seed=1)
    torch.save(module.state_dict(), "tiny.pth")
    code, out, err = archdsl_cli("export", tiny, "--to", "safetensors", "--weights", "tiny.pth")
    assert code == 0, err
    assert out == "tiny.pth: 4 tensors loaded\n\ntiny.safetensors: x N×3×H×W -> output N×2\n"
    assert err.splitlines()[-1] == "wrote tiny.safetensors"
    Path("sub").mkdir()
    Path("tiny.safetensors").rename("sub/net.safetensors")
    tiny.unlink()
    return "sub/net.safetensors"


def test_the_network_is_built_and_loaded_from_the_file_alone(bundle: str) -> None:
    state = torch.load("tiny.pth", weights_only=True)
    module = archdsl.build(bundle)
    assert all(torch.equal(tensor, state[key]) for key, tensor in module.state_dict().items())


def test_a_module_in_hand_is_exported(tiny: Path) -> None:
    module = archdsl.build(tiny, seed=3)
    report = archdsl.export(tiny, "mine.safetensors", module=module)
    assert str(report) == "mine.safetensors: x N×3×H×W -> output N×2"
    again = archdsl.build("mine.safetensors").state_dict()
    assert all(torch.equal(tensor, again[key]) for key, tensor in module.state_dict().items())


def test_every_command_takes_it(bundle: str, archdsl_cli: Cli) -> None:
    assert archdsl_cli("check", bundle)[:2] == (0, f"{bundle}: ok\n")
    assert archdsl_cli("source", bundle)[1].startswith('"""tiny, ')
    assert json.loads(archdsl_cli("graph", bundle)[1])["name"] == "tiny"
    assert archdsl_cli("summary", bundle)[0] == 0
    assert archdsl_cli("diff", bundle, bundle)[0] == 0
    assert archdsl_cli("draw", bundle, "-o", "net.dot")[0] == 0 and Path("net.dot").exists()
    code, out, _ = archdsl_cli("build", bundle)
    assert code == 0 and out.startswith("net.safetensors: 4 tensors loaded\n") and Path("build/tiny/tiny.pth").exists()
    assert archdsl_cli("export", bundle, "--to", "pt2")[0] == 0
    assert archdsl_cli("export", bundle, "--to", "safetensors", "-o", "again.safetensors")[0] == 0
    assert Path("again.safetensors").read_bytes() == Path(bundle).read_bytes()
    assert archdsl_cli("transfer", bundle, bundle, "-o", "new.pth")[0] == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--opset", "18"], "`dynamic` and `opset` are of programs, and a safetensors file holds the spec itself"),
        (["-o", "net.bin"], "`net.bin` would not be known as a spec: give it a name that ends in `.safetensors`"),
        (["--weights", "nowhere.pth"], "`nowhere.pth`: no such file or directory"),
        (["-o", "sub/net.safetensors"], "`sub/net.safetensors` is what this command reads, and would be lost: "),
        (["-o", "tiny.pth/net.safetensors"], "`{here}/tiny.pth`: not a directory"),
    ],
)
def test_what_goes_wrong_is_told_in_a_line(bundle: str, archdsl_cli: Cli, options: list[str], message: str) -> None:
    before = sorted(Path().rglob("*"))
    code, _, err = archdsl_cli("export", bundle, "--to", "safetensors", *options)
    assert code == 2 and err.splitlines()[-1].startswith(f"archdsl: {message.format(here=Path.cwd())}")
    assert sorted(Path().rglob("*")) == before


def test_a_file_without_a_spec_says_how_to_make_one_that_has(archdsl_cli: Cli, tiny: Path) -> None:
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, "bare.safetensors")
    code, out, _ = archdsl_cli("check", "bare.safetensors")
    assert code == 1
    assert out.startswith("error[not-a-spec]: `bare.safetensors` holds weights, and no spec beside them\n")
    assert "--to safetensors --weights bare.safetensors -o NEW" in out
