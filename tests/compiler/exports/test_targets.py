"""Files that torch loads, and what all kinds of files have in common: whole, or nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.ir.exports import TARGETS
from archdsl_torch.exports import targets
from tests.compiler.exports.test_program import TWO

GRAPH = archdsl.loads(TWO)


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return archdsl.build(GRAPH, seed=0).eval()


def test_the_command_line_knows_every_kind() -> None:
    assert set(TARGETS) == set(targets.WRITERS)


def test_a_program_that_is_loaded_equals_the_module(module: torch.nn.Module, tmp_path: Path) -> None:
    report = archdsl.export(GRAPH, tmp_path / "two.pt2", module=module, dynamic=["N", "H", "W"])
    loaded = torch.export.load(tmp_path / "two.pt2").module()
    for size in (1, 2, 5):
        x, y = torch.randn(size, 4, 7 + size, 9), torch.randn(size, 6)
        found, expected = loaded(x, y), module(x, y)
        assert list(found) == list(report.outputs) == ["map", "vector"]
        assert torch.equal(found["map"], expected.map)
        assert torch.equal(found["vector"], expected.vector)


def test_it_loads_where_torch_is_all_there_is(module: torch.nn.Module, tmp_path: Path) -> None:
    archdsl.export(GRAPH, tmp_path / "two.pt2", module=module)
    code = (
        "import sys, torch\n"
        "found = torch.export.load('two.pt2').module()(torch.zeros(3, 4, 8, 8), torch.zeros(3, 6))\n"
        "print({name: tuple(value.shape) for name, value in found.items()})\n"
        "assert not [name for name in sys.modules if name.startswith('archdsl')]\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=tmp_path, env={}, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("{'map': (3, 3, 4, 4), 'vector': (3, 6)}\n", "")


def test_one_output_is_a_tensor(tmp_path: Path) -> None:
    module = archdsl.build("lenet5", seed=0).eval()
    archdsl.export("lenet5", tmp_path / "lenet5.pt2", module=module)
    x = torch.randn(3, 1, 32, 32)
    assert torch.equal(torch.export.load(tmp_path / "lenet5.pt2").module()(x), module(x))


def test_the_suffix_is_the_kind_unless_one_is_named(tmp_path: Path) -> None:
    assert archdsl.export("lenet5", tmp_path / "net", to="pt2", seed=0).files == (tmp_path / "net",)
    for file, kind in (("net.txt", "txt"), ("net", ""), ("net.pt2.", "")):
        with pytest.raises(
            archdsl.ExportError, match=f"^`{kind}` is no kind of file that there is: expected one of `onnx`"
        ):
            archdsl.export("lenet5", tmp_path / "other" / file, seed=0)
    assert [each.name for each in tmp_path.iterdir()] == ["net"]


def test_a_module_and_weights_are_too_much(module: torch.nn.Module, tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="a module has its own numbers"):
        archdsl.export(GRAPH, tmp_path / "two.pt2", module=module, seed=0)


def test_a_pt2_file_has_no_opset(module: torch.nn.Module, tmp_path: Path) -> None:
    with pytest.raises(archdsl.ExportError, match="a pt2 file has none"):
        archdsl.export(GRAPH, tmp_path / "two.pt2", module=module, opset=18)


def test_what_fails_halfway_leaves_the_last_good_file(
    module: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def halfway(program: object, path: Path) -> None:
        path.write_text("half")
        raise RuntimeError("PytorchStreamWriter failed writing file")

    (tmp_path / "two.pt2").write_text("good")
    monkeypatch.setattr(torch.export, "save", halfway)
    with pytest.raises(archdsl.ExportError, match=r"^torch\.export cannot save it: PytorchStreamWriter failed"):
        archdsl.export(GRAPH, tmp_path / "two.pt2", module=module)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("two.pt2", "good")]


def test_weights_of_a_file(tmp_path: Path) -> None:
    module = archdsl.build("lenet5", seed=3).eval()
    torch.save(module.state_dict(), tmp_path / "lenet5.pth")
    archdsl.export("lenet5", tmp_path / "lenet5.pt2", weights=tmp_path / "lenet5.pth")
    x = torch.randn(2, 1, 32, 32)
    assert torch.equal(torch.export.load(tmp_path / "lenet5.pt2").module()(x), module(x))
