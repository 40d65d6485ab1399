"""What values of an ONNX model are called where the spec's names are not enough."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from tests.export_survey import SMALLEST, compared, onnx_runner

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxscript")
pytest.importorskip("onnxruntime")


def test_values_of_one_name(tmp_path: Path) -> None:
    """ONNX has one name for one value: an output gives way to inputs and weights, and inner values to all of these."""
    graph = archdsl.loads(
        "archdsl: 1\nname: net\ninputs: {x: [N, 4], linear_1: [N, 4]}\nnodes:\n  scale: {op: parameter, shape: [4]}\n"
        "  a: {op: linear, from: x, out_features: 4}\n  b: relu\n  c: {op: linear, out_features: 4}\n"
        "  d: = c * scale + linear_1\noutputs: {relu: c, linear: d, x: x, scale: d, copy: scale, add: b, x_output: a}\n"
    )
    module = archdsl.build(graph)
    report = archdsl.export(graph, tmp_path / "net.onnx", module=module)
    assert compared(graph, module, onnx_runner(report.files[0]), 3) <= SMALLEST
    assert [*report.outputs] == ["relu", "linear", "x_output_output", "scale_output", "copy", "add", "x_output"]
    assert (
        report.notes[0] == "the output `x` is `x_output_output` in the file, where an input or a weight is called `x`"
    )
    made = onnx.load(report.files[0]).graph
    assert [value.name for value in made.output] == [*report.outputs]
    assert {"scale", "a.weight", "c.bias"} <= {value.name for value in made.initializer}
