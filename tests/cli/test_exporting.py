"""`archdsl export`: what it writes and says, and in a line what it cannot do."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import archdsl
from tests.cli.tiny import BROKEN, Cli


def test_export_writes_a_program_and_says_what_goes_in_and_out(archdsl_cli: Cli, tiny: Path) -> None:
    code, out, err = archdsl_cli("export", tiny, "--to", "pt2")
    assert (code, out) == (0, "tiny.pt2: x N×3×8×8 -> output N×2\n")
    assert err.splitlines()[-1] == "wrote tiny.pt2"
    assert torch.export.load("tiny.pt2").module()(torch.zeros(3, 3, 8, 8)).shape == (3, 2)


def test_export_loads_weights_and_frees_sizes(archdsl_cli: Cli, tiny: Path) -> None:
    module = archdsl.build(tiny, seed=1).eval()
    torch.save(module.state_dict(), "tiny.pth")
    code, out, _ = archdsl_cli(
        "export", tiny, "--to", "pt2", "-o", "sub/net", "--weights", "tiny.pth", "--dynamic", "N,H,W"
    )
    assert code == 0
    assert out.startswith("tiny.pth: 4 tensors loaded\n")
    assert out.endswith("sub/net: x N×3×H×W -> output N×2\n")
    x = torch.randn(3, 3, 9, 12)
    assert torch.equal(torch.export.load("sub/net").module()(x), module(x))


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--to", "tflite"], 2, "invalid choice: 'tflite'"),
        ([], 2, "the following arguments are required: --to"),
        (["--to", "pt2", "--dynamic", "N,T"], 2, "`T`: the inputs have no such size that may vary: `x` is N×3×H×W"),
        (["--to", "pt2", "--opset", "18"], 2, "an opset is ONNX's, and a pt2 file has none"),
        (["--to", "onnx", "--opset", "x"], 2, "expected a whole number from 1, found `x`"),
        (["--to", "pt2", "--weights", "none.pth"], 2, "`none.pth`: no such file or directory"),
        (["--to", "pt2", "-o", "tiny.yaml"], 2, "would be lost: write elsewhere with `-o`"),
        (["--to", "pt2", "-o", "."], 2, "`.`: a folder"),
        (["--to", "pt2", "--size", f"N={10**12}"], 2, "×3×8×8 takes 698.5 TiB, and this machine"),
        (["--to", "pt2", "-o", "tiny.yaml/x.pt2"], 2, "not a directory"),
    ],
)
def test_what_cannot_be_is_a_line(archdsl_cli: Cli, tiny: Path, options: list[str], code: int, message: str) -> None:
    found = archdsl_cli("export", tiny, *options)
    assert (found[0], found[1]) == (code, "")
    assert message in found[2]
    assert "Traceback" not in found[2]
    assert [each.name for each in tiny.parent.iterdir()] == ["tiny.yaml"]


def test_a_bad_spec_is_told_as_by_every_command(archdsl_cli: Cli, tiny: Path) -> None:
    tiny.write_text(BROKEN)
    code, out, err = archdsl_cli("export", tiny, "--to", "onnx")
    assert (code, out) == (1, "")
    assert "did you mean `kernel_size`?" in err


def test_a_module_is_no_spec(archdsl_cli: Cli, tiny: Path) -> None:
    code, _, err = archdsl_cli("export", "torch.nn:ReLU", "--to", "onnx")
    assert (code, err) == (2, "archdsl: `torch.nn:ReLU` is a module, and no spec: `archdsl import` writes one\n")
