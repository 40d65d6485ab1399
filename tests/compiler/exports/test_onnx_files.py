"""Networks as ONNX files: valid, with the spec's names, and the module's numbers in onnxruntime."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

import archdsl
from archdsl_torch.exports import onnx_files
from archdsl_torch.exports.program import program_of
from tests.compiler.exports.test_program import TWO
from tests.export_survey import SMALLEST, compared, onnx_runner

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

GRAPH = archdsl.loads(TWO)


@pytest.fixture(scope="module")
def module() -> torch.nn.Module:
    return archdsl.build(GRAPH, seed=0).eval()


@pytest.fixture(scope="module")
def file(module: torch.nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "two.onnx"
    archdsl.export(GRAPH, path, module=module, dynamic=["N", "H"])
    return path


def ends(values: Any) -> dict[str, list[str | int]]:
    return {
        value.name: [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim] for value in values
    }


def test_inputs_outputs_sizes_and_the_graph_have_the_specs_names(file: Path) -> None:
    graph = onnx.load(file).graph
    assert graph.name == "two"
    assert ends(graph.input) == {"x": ["N", 4, "H", 8], "y": ["N", 6]}
    assert ends(graph.output) == {"map": ["N", 3, "(H + 1) // 2", 4], "vector": ["N", 6]}
    assert {each.name for each in graph.initializer} >= {"conv.weight", "conv.bias"}


@pytest.mark.parametrize("batch", [1, 2, 5])
def test_onnxruntime_computes_what_the_module_does(file: Path, module: torch.nn.Module, batch: int) -> None:
    assert compared(GRAPH, module, onnx_runner(file), batch) <= SMALLEST


def test_another_height(file: Path, module: torch.nn.Module) -> None:
    graph = archdsl.loads(TWO, sizes={"H": 13})
    assert compared(graph, module, onnx_runner(file), 3) <= SMALLEST


def test_nothing_of_this_machine_is_in_the_file(file: Path) -> None:
    content = file.read_bytes()
    for path in (torch.__file__, __file__):
        assert str(Path(path).parent).encode() not in content
    assert b"stack_trace" not in content


@pytest.mark.slow
def test_the_same_network_is_the_same_file(file: Path, module: torch.nn.Module, tmp_path: Path) -> None:
    again = archdsl.export(GRAPH, tmp_path / "again.onnx", module=module, dynamic=["N", "H"]).files[0]
    assert again.read_bytes() == file.read_bytes()


def test_many_numbers_stand_in_a_second_file(module: torch.nn.Module, tmp_path: Path) -> None:
    (folder := tmp_path / "made").mkdir()
    program = program_of(GRAPH, module, None)
    onnx_files.write_onnx(program, "two", folder / "two.onnx", None, largest=300)
    assert sorted(each.name for each in folder.iterdir()) == ["two.onnx", "two.onnx.data"]
    moved = folder.rename(tmp_path / "moved")  # found by its name beside the first, wherever both are
    assert compared(GRAPH, module, onnx_runner(moved / "two.onnx"), 3) <= SMALLEST


def test_attention_without_heads(tmp_path: Path) -> None:
    """torch.onnx knows it with heads alone."""
    graph = archdsl.loads(
        "archdsl: 1\nname: net\ninputs: {q: [N, T = 6, 8], k: [N, S = 5, 8], m: [N, T, S]}\n"
        "nodes:\n  a: {op: scaled_dot_product_attention, from: {query: q, key: k, value: k, attn_mask: m}}\n"
    )
    module = archdsl.build(graph)
    file = archdsl.export(graph, tmp_path / "net.onnx", module=module, dynamic=["N", "T", "S"]).files[0]
    assert compared(graph, module, onnx_runner(file), 3) <= SMALLEST


@pytest.mark.slow
def test_opsets(module: torch.nn.Module, tmp_path: Path) -> None:
    report = archdsl.export(GRAPH, tmp_path / "a.onnx", module=module, opset=18)
    assert report.detail == {"opset": "18"}
    assert onnx.load(tmp_path / "a.onnx").opset_import[0].version == 18
    with pytest.raises(archdsl.ExportError, match=r"opset 99 cannot be had: torch\.onnx wrote opset \d+; without one"):
        archdsl.export(GRAPH, tmp_path / "b.onnx", module=module, opset=99)
    assert [each.name for each in tmp_path.iterdir()] == ["a.onnx"]


@pytest.mark.parametrize("missing", ["onnx", "onnxscript"])
def test_without_the_packages_a_line_says_what_to_install(
    missing: str, module: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(archdsl.ExportError) as caught:
        archdsl.export(GRAPH, tmp_path / "a.onnx", module=module)
    assert str(caught.value) == (
        f"an ONNX file needs the package `{missing}`, which is not installed: `pip install onnx onnxscript`"
    )
    assert not [*tmp_path.iterdir()]
    monkeypatch.undo()
    importlib.import_module(missing)


def test_an_operation_without_counterpart_is_a_line(
    module: torch.nn.Module, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*given: object, **named: object) -> None:
        raise RuntimeError("\x1b[96mFailed\x1b[0m to convert") from ValueError("no decomposition of `aten.strange`")

    monkeypatch.setattr(torch.onnx, "export", refused)
    with pytest.raises(
        archdsl.ExportError, match=r"^torch\.onnx cannot write it: no decomposition of `aten\.strange`$"
    ):
        archdsl.export(GRAPH, tmp_path / "a.onnx", module=module)
    assert not [*tmp_path.iterdir()]
