"""Ops of installed packages: found when a spec names one, and told in a line where they cannot be used."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
import torch

import archdsl
from archdsl.ops import OPS, installed
from archdsl.ops.base import PackageError
from archdsl_torch.gate import SourceError, checked
from tests.cli.tiny import Cli

ROOT = Path(__file__).parents[2]
OP = """
    from typing import final
    from archdsl.ops.base import Kind, Op
    from archdsl.shapes import TensorType

    @final
    class Twice(Op):
        \"\"\"Doubles.\"\"\"
        name = "NAME.twice"
        kind = Kind.RESHAPE

        def infer(self, x: TensorType) -> TensorType:
            return x
"""
LOWERING = """
    from archdsl.shapes import TensorType
    from archdsl_torch.lowering.base import Lowered, call, lower
    from archdsl_torch.lowering.tree import In
    from NAME.ops import Twice

    @lower.register
    def _(op: Twice, x: TensorType) -> Lowered:
        return Lowered(None, call("NAME.twice", In(0)))
"""
INIT = """
    import os

    def twice(x):
        return x + x
"""
POINTS = "[archdsl.ops]\ntwice = NAME.ops:Twice\n[archdsl_torch.lowerings]\ntwice = NAME.lowering\n"

Install = Callable[..., str]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a package as an installer leaves it, and gives a spec that uses its op."""
    monkeypatch.syspath_prepend(str(tmp_path))
    for names in ("_theme", "_found"):
        monkeypatch.setattr(OPS, names, dict(getattr(OPS, names)))

    def made(name: str, op: str = OP, lowering: str = LOWERING, points: str = POINTS, init: str = INIT) -> str:
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(points.replace("NAME", name))
        (tmp_path / name).mkdir()
        for file, text in (("__init__", init), ("ops", op), ("lowering", lowering)):
            (tmp_path / name / f"{file}.py").write_text(dedent(text).replace("NAME", name))
        return spec(f"{name}.twice")

    return made


def spec(op: str, name: str = "a") -> str:
    return f"archdsl: 1\ninputs: {{x: [N, 4]}}\nnodes:\n  {name}: {{op: {op}}}\n"


def test_an_op_is_found_checked_built_and_pickled(install: Install) -> None:
    text = install("pkg_good")
    assert archdsl.check(text) == []
    module, x = archdsl.build(text), torch.randn(2, 4)
    assert torch.equal(module(x), 2 * x)
    assert torch.equal(pickle.loads(pickle.dumps(module))(x), 2 * x)
    assert "\nimport pkg_good\n" in archdsl.source(text)
    written = archdsl.graph(text).to_json()
    del OPS._found["pkg_good.twice"], OPS._theme["pkg_good.twice"]
    assert archdsl.Graph.from_json(written) == archdsl.graph(text)
    with pytest.raises(archdsl.GraphError, match="the installed package `pkg_good` has no op `thrice`"):
        archdsl.Graph.from_json(written.replace("pkg_good.twice", "pkg_good.thrice"))


def test_initialisers_and_misspellings_know_it(install: Install) -> None:
    text = install("pkg_known")
    archdsl.graph(text)
    (found,) = archdsl.check(spec("pkg_known.twise"))
    assert found.message == "the installed package `pkg_known` has no op `twise`"
    assert found.hint == "it has `pkg_known.twice`"


@pytest.mark.parametrize(
    ("op", "message", "hint"),
    [
        ("no_such.twice", "`no_such.twice` is an op of the package `no_such`, which is not installed here",
         "install it, if you know whose it is"),
        ("numpy.twice", "the installed package `numpy` has no op `twice`", "it brings no ops"),
        ("torch.relu", "unknown op or block `torch.relu`", "did you mean `relu`?"),
        ("F.gelu", "unknown op or block `F.gelu`", None),
        ("a.b.c", "unknown op or block `a.b.c`", None),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_told_with_what_to_install(op: str, message: str, hint: str | None) -> None:
    (found,) = archdsl.check(spec(op))
    assert (found.code, found.message) == ("unknown-op", message)
    if hint is not None:
        assert found.hint is not None and hint in found.hint


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("pkg_raises", {"op": "raise RuntimeError('no\\nluck')"},
         "`pkg_raises.twice` cannot be loaded: `pkg_raises.ops:Twice` of its package fails: RuntimeError: no"),
        ("pkg_renamed", {"op": OP.replace("NAME.twice", "NAME.thrice")},
         "`pkg_renamed.ops:Twice` of the package `pkg_renamed` is no class of ops with the name `pkg_renamed.twice`"),
        ("pkg_text", {"op": "Twice = 'text'"},
         "`pkg_text.ops:Twice` of the package `pkg_text` is no class of ops with the name `pkg_text.twice`"),
        ("pkg_missing", {"op": ""},
         "`pkg_missing.twice` cannot be loaded: `pkg_missing.ops:Twice` of its package fails: AttributeError: module "
         "'pkg_missing.ops' has no attribute 'Twice'"),
        ("pkg_leaves", {"op": "import sys; sys.exit(4)"},
         "`pkg_leaves.twice` cannot be loaded: `pkg_leaves.ops:Twice` of its package fails: SystemExit: 4"),
        ("pkg_kind", {"op": OP.replace("Kind.RESHAPE", "'reshape'")},
         "`pkg_kind.ops:Twice` of the package `pkg_kind` has no `kind`, a member of `Kind`"),
        ("pkg_divides", {"op": OP.replace("return x", "return 1 / 0")},
         "the package of `pkg_divides.twice` fails: ZeroDivisionError: division by zero, at ops.py:13"),
        ("pkg_exits", {"op": OP.replace("return x", "raise SystemExit(3)")},
         "the package of `pkg_exits.twice` fails: SystemExit: 3, at ops.py:13"),
        ("pkg_nothing", {"op": OP.replace("return x", "return None")},
         "the package of `pkg_nothing.twice` fails: `infer` gives None, no type of a tensor"),
        ("pkg_tensor", {"op": f"{OP}\n        def tensors(self, x):\n            return {{'w': 5}}\n"},
         "the package of `pkg_tensor.twice` fails: "),
        ("pkg_macs", {"op": f"{OP}\n        def macs(self, x):\n            return 'many'\n"},
         "the package of `pkg_macs.twice` fails: `macs` gives 'many', no number"),
        ("pkg_elsewhere", {"op": f"{OP}\n    Twice.__module__ = 'numpy'\n"},
         "`pkg_elsewhere.twice` is a class of `numpy`, expected one of `pkg_elsewhere`"),
    ],
)  # fmt: skip
def test_a_broken_package_is_a_mistake_in_one_line(
    install: Install, name: str, changes: dict[str, str], message: str
) -> None:
    (found,) = archdsl.check(install(name, **changes))
    assert found.code == "unknown-op"
    assert found.message.startswith(message) if message.endswith(": ") else found.message == message


def test_an_op_without_a_lowering_is_told_by_what_needs_one(
    install: Install, archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    text = install("pkg_bare", points=POINTS.partition("[archdsl_torch")[0])
    Path("net.yaml").write_text(text)
    message = "`pkg_bare.twice` has no lowering, so that no source can be printed"
    assert archdsl.check(text) == []
    with pytest.raises(PackageError, match=message):
        archdsl.source(text)
    code, out, err = archdsl_cli("source", "net.yaml")
    assert (code, out) == (2, "")
    assert err == (
        f"archdsl: {message}; its package names one by an entry point of the group `archdsl_torch.lowerings`\n"
    )


def test_a_lowering_that_fails_is_told_in_a_line(
    install: Install, archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(install("pkg_low", lowering=LOWERING.replace("return Lowered", "raise OSError")))
    code, out, err = archdsl_cli("source", "net.yaml")
    assert (code, out) == (2, "")
    assert err.startswith("archdsl: the package of `pkg_low.twice` fails: OSError: ") and err.count("\n") == 1


def test_a_lowering_that_calls_what_is_not_its_packages_is_told_in_a_line(
    install: Install, archdsl_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(install("pkg_wild", lowering=LOWERING.replace('"NAME.twice"', '"os.system"')))
    code, out, err = archdsl_cli("build", "net.yaml")
    assert (code, out) == (2, "")
    (line,) = (each for each in err.splitlines() if not each.endswith(" …"))
    assert line.startswith("archdsl: what `pkg_wild.twice` is printed as is not run: ")
    assert not Path("build").exists()


def test_a_name_that_would_hide_the_package_is_refused(install: Install) -> None:
    text = install("pkg_hidden")
    with pytest.raises(PackageError, match="`pkg_hidden` is the package of an op, and something in the network"):
        archdsl.source(text.replace("  a:", "  pkg_hidden:"))


@pytest.mark.parametrize(
    "line",
    [
        "import os",
        "import numpy",
        "import pkg_gate.ops",
        "import pkg_gate as p",
        "from pkg_gate import twice",
        "import pkg_gate, os",
    ],
)
def test_a_source_imports_no_more_than_packages_with_ops(install: Install, line: str) -> None:
    install("pkg_gate")
    checked("import pkg_gate\n")
    with pytest.raises(SourceError):
        checked(f"{line}\n")


@pytest.mark.parametrize(
    "call", ["pkg_calls.os.system('ls')", "pkg_calls._hidden()", "pkg_calls.system('ls')", "pkg_calls"]
)
def test_a_source_calls_nothing_but_what_the_package_defines(install: Install, call: str) -> None:
    install("pkg_calls", init=f"{INIT}\n    from os import system\n    def _hidden(): pass\n")
    assert checked("import pkg_calls\n\ndef f(x):\n    return pkg_calls.twice(x)\n")
    with pytest.raises(SourceError):
        checked(f"import pkg_calls\n\ndef f(x):\n    return {call}\n")


def test_nothing_is_looked_for_before_a_spec_names_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise AssertionError(f"looked for {name}")

    monkeypatch.setattr(installed, "distribution", refuse)
    for name in ("resnet18", "swin_t", "gpt2"):
        assert [found for found in archdsl.check(name) if found.code == "unknown-op"] == []
    assert [found.code for found in archdsl.check(spec("linaer"))] == ["unknown-op"]


def test_the_example_runs_where_it_is_installed(tmp_path: Path) -> None:
    """As `pip` leaves it: the package and its entry points beside what is on the path."""
    folder = ROOT / "examples" / "archdsl-signal"
    info = tmp_path / "archdsl_signal-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: archdsl-signal\nVersion: 0.1.0\n")
    points = (folder / "pyproject.toml").read_text().split("[project.entry-points.")[1:]
    (info / "entry_points.txt").write_text(
        "".join(f"[{each.partition('[tool')[0]}" for each in points).replace('"', "")
    )
    path = [str(tmp_path), str(folder), str(ROOT), str(ROOT / "compiler")]
    tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--import-mode=importlib", str(folder / "tests")]
    run = subprocess.run(
        [sys.executable, *tests], env={"PYTHONPATH": ":".join(path), "PATH": ""}, cwd=tmp_path, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout and "skipped" not in run.stdout
