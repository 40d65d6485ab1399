"""A program as an ONNX file, by `torch.onnx`, with the spec's names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import torch

from archdsl.ir.exports import ExportError
from archdsl_torch.exports.decompositions import DECOMPOSITIONS, translations
from archdsl_torch.exports.onnx_names import name_all
from archdsl_torch.exports.program import Program
from archdsl_torch.exports.quiet import quiet
from archdsl_torch.exports.reasons import first_line

if TYPE_CHECKING:
    import onnx_ir

LARGEST: Final = 2**31 - 2**24
"""Bytes of numbers in one file: protobuf reads no more than 2 GiB, and the rest of the file needs some of it."""


def write_onnx(
    program: Program, name: str, path: Path, opset: int | None, largest: int = LARGEST
) -> tuple[int, dict[str, str]]:
    """Writes a file, with a second one `….data` beside it where it has more numbers than the `largest` file may.

    Returns the opset and what each output is called. Raises ExportError where packages are not installed, where an
    operation has no counterpart, and where the opset cannot be had.
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
        outputs = name_all(model, program, name)
        large = sum(each.const_value.nbytes for each in model.graph.initializers.values() if each.const_value) > largest
        onnx_ir.save(model, path, external_data=f"{path.name}.data" if large else None)
        try:
            onnx.checker.check_model(path)
        except onnx.checker.ValidationError as error:
            raise ExportError(f"torch.onnx made a file that is not valid: {first_line(error)}") from error
    return model.opset_imports[""], outputs


def _model(program: Program, opset: int | None) -> onnx_ir.Model:
    known = program.equations()
    try:
        with torch.no_grad():  # as it was traced: what attention gives is laid out otherwise where gradients are wanted
            made = torch.onnx.export(
                program.traced.run_decompositions({**DECOMPOSITIONS}), dynamo=True, verbose=False, opset_version=opset,
                input_names=[*program.inputs],
                custom_translation_table=translations(),
            )  # fmt: skip
    except Exception as error:
        raise ExportError(f"torch.onnx cannot write it: {first_line(error)}") from error
    assert made is not None
    if refusals := program.refusals(known):
        raise ExportError("\n".join(refusals))
    model = made.model
    found = model.opset_imports[""]
    if opset is not None and found != opset:
        raise ExportError(
            f"opset {opset} cannot be had: torch.onnx wrote opset {found}; without one it takes what it prefers"
        )
    return model
