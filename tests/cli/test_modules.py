"""A PyTorch module where a command takes a spec: what the command line names is imported, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import archdsl
from tests.cli.tiny import ROOT, Cli
from tests.compiler.verifying.support import SPEC

PORT = "tests.compiler.verifying.support:Port"
INPUT = ("--input", "2,3,12,12")
TAUGHT = """
from torch import nn

def create(model_name: str, width: int = 4) -> nn.Module:
    return nn.Sequential(nn.Linear(3, width), nn.ReLU(), nn.Linear(width, 2))
"""


@pytest.fixture
def taught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "a_hub_of_ones_own.py").write_text(TAUGHT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return "a_hub_of_ones_own:create"


def test_every_command_that_takes_a_spec_takes_a_module(
    archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output, _ = archdsl_cli("summary", PORT, *INPUT, "--format", "json")
    assert code == 0
    assert json.loads(output)["parameters"] == archdsl.graph(SPEC).parameters
    assert "class Port" in archdsl_cli("source", PORT, *INPUT)[1]
    assert json.loads(archdsl_cli("graph", PORT, *INPUT)[1])["name"] == "port"
    assert archdsl_cli("draw", PORT, *INPUT, "-o", "port.dot")[0] == 0
    assert '"block.add"' in Path("port.dot").read_text()
    assert archdsl_cli("build", PORT, *INPUT, "-o", "built")[0] == 0
    assert {each.name for each in Path("built").iterdir()} >= {"port.py", "summary.json"}


def test_arguments_of_the_factory(taught: str, archdsl_cli: Cli) -> None:
    for settings in (["model_name=tiny", "width=7"], ["-p", "model_name=tiny", "-p", "width=7"]):
        code, output, _ = archdsl_cli("graph", taught, *settings, "--input", "2,3")
        assert code == 0
        found = archdsl.Graph.from_json(output)
        assert (found.name, found.parameters) == ("tiny", 4 * 7 + 8 * 2)


def test_sizes_of_a_module_are_those_of_the_spec_beside_it(tmp_path: Path, archdsl_cli: Cli) -> None:
    spec = tmp_path / "port.yaml"
    spec.write_text(SPEC)
    code, output, _ = archdsl_cli("diff", str(spec), PORT, "--format", "json")
    assert code == 3  # `act` is a formula there, and `pool` is `mean`
    data = json.loads(output)
    assert data["before"]["parameters"] == data["after"]["parameters"]
    assert data["after"]["inputs"]["image"]["shape"] == ["N", 3, "H", "W"]


def test_settings_of_either_side_of_a_difference(taught: str, archdsl_cli: Cli) -> None:
    both = ("diff", taught, "width=3", taught, "width=5", "-p", "model_name=tiny", "--input", "2,3", "--format", "json")
    code, output, _ = archdsl_cli(*both)
    data = json.loads(output)
    assert code == 3
    assert [data[side]["parameters"] for side in ("before", "after")] == [4 * 3 + 4 * 2, 4 * 5 + 6 * 2]
    assert archdsl_cli("diff", "lenet5", "num_classes=7", "lenet5", "num_classes=7")[0] == 0
    assert archdsl_cli("diff", "lenet5", "lenet5", "num_classes=7")[0] == 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (f"summary {PORT}", f"`{PORT}` is a module: give the sizes of its inputs, as `--input 2,3,224,224`"),
        (f"draw {PORT} --input 2,3,12,12 width=3 -o x.svg", "unrecognized arguments: width=3"),
        (f"summary {PORT} width=3 --input 2,3,12,12", f"`{PORT}` makes no module: "),
        (f"summary {PORT} --input 2,4,12,12", "torch.export cannot trace `Port`: "),
        ("summary no_such_module_here:Net --input 2", "`no_such_module_here` cannot be imported: "),
        ("summary lenet5 --input 2,3", "`--input` is for modules, MODULE:FACTORY: a spec says its inputs"),
        (f"diff {PORT} {PORT}", "is a module: give the sizes of its inputs"),
        ("diff lenet5 lenet5 lenet5", "unrecognized arguments: lenet5"),
        ("diff lenet5 lenet5 a=[", "cannot read `[`"),
        (f"draw {PORT} --input 2,3,12,12 -o x.gif", "gif"),
        ("summary torch.nn:ReLU --input 0,4", "expected 2,3,224,224 or int64:2,128, found `0,4`"),
        (
            "summary torch.nn:ReLU --input 2,9999999999999",
            "an input 2×9999999999999 takes 72.8 TiB, and this machine",
        ),
        ("import torch.nn:ReLU --input 2,4 --dynamic Q,N", "`Q`: the inputs have no such size; they have `N`, `F`"),
        ("transfer weights.pth torch.nn:ReLU", "`torch.nn:ReLU` is a module, and no spec: `archdsl import` writes one"),
    ],
)
def test_a_bad_call_is_told_in_a_line(
    arguments: str, told: str, archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, output, error = archdsl_cli(*arguments.split())
    assert (code, output) == (2, "")
    assert told in error
    assert "Traceback" not in error
    assert not [*tmp_path.iterdir()]


ROGUES = """
import os, sys
import torch
from torch import nn

print("imported")

class Prints(nn.Module):
    def forward(self, x):
        print("runs")
        return x.relu()

class Leaves(nn.Module):
    def forward(self, x):
        sys.exit(5)

class Trains(nn.Module):
    def train(self, mode=True):
        raise RuntimeError("never")
    def forward(self, x):
        return x

class Dumb(Exception):
    def __str__(self):
        raise RuntimeError

def leaves(): sys.exit(7)
def falls(): raise BaseException("on", 3)
def closes(): raise GeneratorExit
def dumb(): raise Dumb
def moves():
    os.chdir("/")
    return nn.ReLU()
def hides():
    sys.stdout = None
    return nn.ReLU()
"""


@pytest.fixture
def rogues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "some_rogues.py").write_text(ROGUES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return "some_rogues"


@pytest.mark.parametrize("command", ["import", "summary", "verify"])
@pytest.mark.parametrize(
    ("factory", "told"),
    [
        ("leaves", "the code of `some_rogues:leaves` raises SystemExit 7"),
        ("falls", "the code of `some_rogues:falls` raises BaseException 'on' 3"),
        ("closes", "the code of `some_rogues:closes` raises GeneratorExit"),
        ("dumb", "`some_rogues:dumb` makes no module: Dumb"),
        ("Leaves", "the code of `some_rogues:Leaves` raises SystemExit 5"),
        ("Trains", "raises never"),
    ],
)
def test_what_a_modules_code_raises_is_told_in_a_line(
    command: str, factory: str, told: str, rogues: str, archdsl_cli: Cli
) -> None:
    Path("net.yaml").write_text("archdsl: 1\nname: net\ninputs: {x: [N, 4]}\nnodes: {y: relu}\n")
    spec = ["net.yaml"] if command == "verify" else []
    code, output, error = archdsl_cli(command, *spec, f"{rogues}:{factory}", "--input", "2,4")
    if (command, factory) == ("verify", "Trains"):
        told = "`some_rogues:Trains` cannot be copied: never"
    assert (code, output) == (2, "")
    (line,) = (each for each in error.splitlines() if each != "imported" and not each.endswith(" …"))
    assert told in line


@pytest.mark.parametrize("factory", ["Prints", "moves", "hides"])
def test_what_a_modules_code_prints_and_where_it_goes(factory: str, rogues: str, archdsl_cli: Cli) -> None:
    """The text is the spec alone, and is written where the command was called."""
    here = Path.cwd()
    code, output, _ = archdsl_cli("import", f"{rogues}:{factory}", "--input", "2,4")
    assert code == 0
    assert [node.op.name for node in archdsl.loads(output).nodes] == ["relu"]
    assert archdsl_cli("import", f"{rogues}:{factory}", "--input", "2,4", "-o", "net.yaml")[0] == 0
    assert (here / "net.yaml").read_text() == output


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "code", "told"),
    [(signal.SIGINT, 130, "archdsl: interrupted"), (signal.SIGTERM, 143, "")],
    ids=["interrupt", "end"],
)
def test_a_module_that_hangs_is_left(sent: signal.Signals, code: int, told: str, tmp_path: Path) -> None:
    (tmp_path / "some_sleeper.py").write_text("import time\nopen('asleep', 'w').close()\ntime.sleep(600)\n")
    path = os.pathsep.join([str(ROOT), str(ROOT / "compiler")])
    # where tests run in the background an interrupt is ignored, unless one asks for it
    start = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from archdsl.cli.commands import main"
    )
    command = [
        sys.executable,
        "-c",
        f"{start}; main()",
        "import",
        "some_sleeper:Net",
        "--input",
        "2,4",
        "-o",
        "net.yaml",
    ]
    running = subprocess.Popen(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, stderr=subprocess.PIPE, encoding="utf-8"
    )
    while not (tmp_path / "asleep").exists() and running.poll() is None:
        time.sleep(0.1)
    running.send_signal(sent)
    _, error = running.communicate(timeout=60)
    assert running.returncode == code
    assert [line for line in error.splitlines() if not line.endswith(" …")] == [told] * bool(told)
    assert not (tmp_path / "net.yaml").exists()


def test_a_file_of_that_name_is_a_spec(archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "this:that").write_text("archdsl: 1\nname: net\ninputs: {x: [N, 3]}\nnodes: {y: relu}\n")
    assert archdsl_cli("summary", "this:that")[0] == 0


def test_nothing_is_imported_for_a_spec(archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a_trap.py").write_text("raise SystemExit('imported')")
    (tmp_path / "net.yaml").write_text("archdsl: 1\nname: net\nextends: 'a_trap:net'\n")
    assert archdsl_cli("summary", "net.yaml")[0] == 1
    with pytest.raises(archdsl.SpecError):
        archdsl.graph("a_trap:net")
    assert "a_trap" not in sys.modules
