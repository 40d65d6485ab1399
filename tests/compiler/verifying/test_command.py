"""`archdsl verify`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.tiny import Cli
from tests.compiler.verifying.support import SPEC

PORT = "tests.compiler.verifying.support:Port"


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    file = tmp_path / "port.yaml"
    file.write_text(SPEC)
    return file


def test_the_exit_code_says_whether_they_differ(spec: Path, archdsl_cli: Cli) -> None:
    code, output, _ = archdsl_cli("verify", str(spec), PORT)
    assert (code, output.splitlines()[0]) == (0, f"port is {PORT}")
    spec.write_text(SPEC.replace("op: layer_norm", "op: layer_norm, eps: 1e-3"))
    code, output, _ = archdsl_cli("verify", str(spec), PORT, "--input", "2,3,9,9", "--format", "json")
    assert code == 3
    assert json.loads(output)["first"]["path"] == "ln"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("tests.compiler.verifying.support:Prt", "has no `Prt`"),
        (f"{PORT} width=3", f"`{PORT}` makes no module: "),
        (f"{PORT} --input 2,3", f"`{PORT}` does not run on these inputs: "),
        (f"{PORT} --input 2,3,9,9 --input 1", "`Port.forward`: too many positional arguments"),
        (f"{PORT} --weights nowhere.pth", "`nowhere.pth`: no such file or directory"),
        ("", "MODULE:FACTORY"),
    ],
)
def test_a_bad_call_is_told_in_a_line(spec: Path, archdsl_cli: Cli, arguments: str, told: str) -> None:
    code, output, error = archdsl_cli("verify", str(spec), *arguments.split())
    assert (code, output) == (2, "")
    assert told in error
    assert "Traceback" not in error


def test_a_bad_spec(spec: Path, archdsl_cli: Cli) -> None:
    spec.write_text(SPEC.replace("relu: relu", "relu: rleu"))
    assert archdsl_cli("verify", str(spec), PORT)[0] == 1
