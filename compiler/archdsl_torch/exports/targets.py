"""Which kinds of files there are, and how each is written: whole, or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeAlias, final

import torch
from torch import nn

from archdsl.ir.exports import ExportError, ExportReport
from archdsl.ir.graph import Graph
from archdsl.ir.weights import WeightsError
from archdsl.shapes import format_shape
from archdsl.text.bundles import SUFFIX
from archdsl.text.spelled import quoted
from archdsl.text.writing import beside
from archdsl_torch.exports.onnx_files import write_onnx
from archdsl_torch.exports.program import program_of
from archdsl_torch.exports.quiet import quiet
from archdsl_torch.exports.reasons import first_line
from archdsl_torch.weights.bundling import bundled


@final
@dataclass(frozen=True)
class FileOptions:
    """What a caller says of the file."""

    dynamic: Sequence[str] | None = None
    """The sizes that may vary; None for the batch."""
    opset: int | None = None


Writer: TypeAlias = Callable[[Graph, nn.Module, Path, FileOptions], ExportReport]
"""Writes the module of a graph, and says what it wrote. Raises ExportError."""


def export(
    graph: Graph,
    module: nn.Module,
    file: Path,
    target: str,
    dynamic: Sequence[str] | None = None,
    opset: int | None = None,
) -> ExportReport:
    """Writes the network's module, built from the graph, as a file of a kind; see `archdsl.export`."""
    write = WRITERS.get(target)
    if write is None:
        raise ExportError(f"`{target}` is no kind of file that there is: expected one of {quoted(WRITERS)}")
    with beside(file) as place:
        report = write(graph, module, place, FileOptions(dynamic, opset))
        others = sorted({each.name for each in place.parent.iterdir()} - {place.name})
    return replace(report, files=(file, *(file.with_name(each) for each in others)))


def _onnx(graph: Graph, module: nn.Module, path: Path, options: FileOptions) -> ExportReport:
    program = program_of(graph, module, options.dynamic)
    opset, names = write_onnx(program, graph.name, path, options.opset)
    return program.called(names).report(opset=str(opset))


def _pt2(graph: Graph, module: nn.Module, path: Path, options: FileOptions) -> ExportReport:
    if options.opset is not None:
        raise ExportError("an opset is ONNX's, and a pt2 file has none")
    program = program_of(graph, module, options.dynamic)
    program.traced.example_inputs = None
    try:
        with quiet():
            torch.export.save(program.traced, path)
    except RuntimeError as error:  # its writer says of the disk what it may
        raise ExportError(f"torch.export cannot save it: {first_line(error)}") from error
    return program.report()


def _safetensors(graph: Graph, module: nn.Module, path: Path, options: FileOptions) -> ExportReport:
    """The network's tensors with its spec, which is built again from them; nothing is traced."""
    if options.opset is not None or options.dynamic is not None:
        raise ExportError("`dynamic` and `opset` are of programs, and a safetensors file holds the spec itself")
    if path.suffix != SUFFIX:
        raise ExportError(f"`{path.name}` would not be known as a spec: give it a name that ends in `{SUFFIX}`")
    try:
        path.write_bytes(bundled(graph, module))
    except WeightsError as error:
        raise ExportError(str(error)) from None
    inputs = {name: format_shape(node.types[0].shape) for name, node in graph.inputs.items()}
    outputs = {name: format_shape(value.type.shape) for name, value in graph.outputs.items()}
    return ExportReport((), inputs, outputs)


WRITERS: Final[Mapping[str, Writer]] = {"onnx": _onnx, "pt2": _pt2, "safetensors": _safetensors}
