"""A program as an ONNX file, by `torch.onnx`, with the spec's names."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from archdsl.ir.exports import ExportError
from archdsl.shapes import Shape
from archdsl_torch.exports.program import Program
from archdsl_torch.exports.quiet import quiet
from archdsl_torch.exports.reasons import first_line

if TYPE_CHECKING:
    import onnx_ir

LARGEST: Final = 2**31 - 2**24
"""Bytes of numbers in one file: protobuf reads no more than 2 GiB, and the rest of the file needs some of it."""
_ATTENTION: Final = torch.ops.aten.scaled_dot_product_attention.default
_STRANGE: Final = ("pkg.torch.", "pkg.onnxscript.")
"""What exporters note of themselves and of this machine's folders begins with it."""


def write_onnx(program: Program, name: str, path: Path, opset: int | None, largest: int = LARGEST) -> int:
    """Writes a file, with a second one `….data` beside it where it has more numbers than the `largest` file may.

    Returns the opset. Raises ExportError where packages are not installed, where an operation has
    no counterpart, and where the opset cannot be had.
    """
    try:
        import onnx
        import onnx_ir
        import onnxscript  # noqa: F401 - what torch.onnx is written in
    except ModuleNotFoundError as error:
        raise ExportError(
            f"an ONNX file needs the package `{error.name}`, which is not installed: `pip install onnx onnxscript`"
        ) from error
    with quiet():
        model = _model(program, opset)
        _name(model, program, name)
        large = sum(each.const_value.nbytes for each in model.graph.initializers.values() if each.const_value) > largest
        onnx_ir.save(model, path, external_data=f"{path.name}.data" if large else None)
        try:
            onnx.checker.check_model(path)
        except onnx.checker.ValidationError as error:
            raise ExportError(f"torch.onnx made a file that is not valid: {first_line(error)}") from error
    return model.opset_imports[""]


def _model(program: Program, opset: int | None) -> onnx_ir.Model:
    try:
        made = torch.onnx.export(
            program.traced.run_decompositions({_ATTENTION: _in_four}), dynamo=True, verbose=False, opset_version=opset,
            input_names=[*program.inputs], output_names=[*program.outputs],
        )  # fmt: skip
    except Exception as error:
        raise ExportError(f"torch.onnx cannot write it: {first_line(error)}") from error
    assert made is not None
    model = made.model
    if opset is not None and model.opset_imports[""] != opset:
        raise ExportError(f"opset {opset} cannot be had: torch.onnx wrote opset {model.opset_imports['']}")
    return model


def _in_four(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, *rest: Any, **named: Any) -> Tensor:
    """Attention over tensors (N, heads, T, C), which is the only one that torch.onnx knows."""
    if query.dim() == 4 and key.dim() == 4:
        result: Tensor = NotImplemented
        return result
    lead = query.shape[:-2]
    q, k, v = (each.reshape(-1, 1, *each.shape[-2:]) for each in (query, key, value))
    if mask is not None:
        mask = mask.expand(*lead, *mask.shape[-2:]).reshape(-1, 1, *mask.shape[-2:])
    found: Tensor = _ATTENTION(q, k, v, mask, *rest, **named)
    return found.reshape(*lead, *found.shape[-2:])


def _name(model: onnx_ir.Model, program: Program, name: str) -> None:
    """Gives the model the spec's names of itself and of sizes, and takes away what is of this machine alone."""
    import onnx_ir

    model.graph.name = name
    symbols = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in program.free) or "$^")
    for node in model.graph.all_nodes():
        _forget(node.metadata_props)
        for value in node.outputs:
            _forget(value.metadata_props)
            if value.shape is not None:
                value.shape = onnx_ir.Shape([_size(dim, symbols, program.free) for dim in value.shape])
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        _forget(value.metadata_props)
    _forget(model.graph.metadata_props)
    _forget(model.metadata_props)
    ends: tuple[tuple[list[onnx_ir.Value], Mapping[str, Shape]], ...] = (
        ([*model.graph.inputs], program.inputs), ([*model.graph.outputs], program.outputs),
    )  # fmt: skip
    for values, shapes in ends:
        for value, shape in zip(values, shapes.values(), strict=True):
            value.shape = onnx_ir.Shape([dim if isinstance(dim, int) else str(dim) for dim in shape])


def _forget(notes: MutableMapping[str, str]) -> None:
    for key in [key for key in notes if key.startswith(_STRANGE)]:
        del notes[key]


def _size(dim: object, symbols: re.Pattern[str], free: Mapping[str, str]) -> int | str | None:
    if isinstance(dim, int):
        return dim
    value: str | None = getattr(dim, "value", None)
    return value and symbols.sub(lambda match: free[match[0]], value)
