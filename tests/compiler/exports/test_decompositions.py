"""What torch.onnx refuses or gets wrong where sizes may vary: onnxruntime computes what the module does at each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import archdsl
from tests.export_survey import SMALLEST, compared, onnx_runner

pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")

TEXTS: Mapping[str, str] = {
    "a size that is rounded up": "whole: {op: pad, from: x, pad: [0, 0, 0, ceil(H / 7) * 7 - H]}",
    "pooling to parts of a map": "pool: {op: adaptive_avg_pool2d, from: x, output_size: [3, 4]}",
    "a roll by what a size leaves over": "rolled: {op: roll, from: x, shifts: [H % 3, -(H % 5)], dims: [2, 3]}",
}


@pytest.mark.parametrize("what", TEXTS)
def test_onnxruntime_computes_what_the_module_does(what: str, tmp_path: Path) -> None:
    text = f"archdsl: 1\nname: net\ninputs: {{x: [N, 2, H = 14, 6]}}\nnodes:\n  {TEXTS[what]}\n"
    module = archdsl.build(text, seed=0)
    file = archdsl.export(text, tmp_path / "net.onnx", module=module, dynamic=["N", "H"]).files[0]
    run = onnx_runner(file)
    for height in (7, 14, 15, 16, 20):
        graph = archdsl.graph(text, sizes={"H": height})
        assert compared(graph, module, run, 3) <= SMALLEST, height


def test_inputs_with_one_batch(tmp_path: Path) -> None:
    """That their batches are equal is no reason to refuse, nor is a map of windows that need no border."""
    text = (
        "archdsl: 1\nname: net\ninputs: {x: [N, H = 14, 6], y: [N, 6]}\nnodes:\n"
        "  pad: {op: pad, from: x, pad: [0, 0, 0, ceil(H / 7) * 7 - H]}\n"
        "  windows: {op: rearrange, pattern: n (r p) c -> (n r) (p c), p: 7}\n"
        "  rows: {op: rearrange, pattern: (n r) c -> n r c, r: ceil(H / 7)}\n"
        "  mean: {op: mean, dim: 1}\n  first: {op: narrow, dim: 1, start: 0, length: 6}\n  sum: = first * y\n"
    )
    module = archdsl.build(text)
    file = archdsl.export(text, tmp_path / "net.onnx", module=module, dynamic=["N", "H"]).files[0]
    for height in (14, 15):
        assert compared(archdsl.graph(text, sizes={"H": height}), module, onnx_runner(file), 3) <= SMALLEST


def test_what_is_right_at_one_size_alone_is_refused(tmp_path: Path) -> None:
    text = (
        "archdsl: 1\nname: net\ninputs: {x: [N, 2, H = 12]}\n"
        "nodes:\n  pool: {op: adaptive_avg_pool1d, from: x, output_size: 3}\n"
    )
    with pytest.raises(archdsl.ExportError, match=r"^`H` cannot vary: what torch writes is right only where Eq\("):
        archdsl.export(text, tmp_path / "net.onnx", dynamic=["N", "H"])
    assert not [*tmp_path.iterdir()]
