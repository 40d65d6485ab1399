"""An ONNX model by the spec's names: of itself, its inputs and outputs, and its sizes."""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Final

from archdsl.shapes import Shape
from archdsl_torch.exports.program import Program

if TYPE_CHECKING:
    import onnx_ir

_STRANGE: Final = ("pkg.torch.", "pkg.onnxscript.")
"""What exporters note of themselves and of this machine's folders begins with it."""


def name_all(model: onnx_ir.Model, program: Program, name: str) -> dict[str, str]:
    """Gives the model the spec's names, takes away what is of this machine alone, and returns what outputs are called.

    ONNX has one name for one value, so an output whose name is an input's or a weight's has another.
    """
    model.graph.name = name
    outputs = _outputs(model, program)
    for node in model.graph.all_nodes():
        _forget(node.metadata_props)
        for value in node.outputs:
            _forget(value.metadata_props)
    for value in (*model.graph.inputs, *model.graph.initializers.values()):
        _forget(value.metadata_props)
    _forget(model.graph.metadata_props)
    _forget(model.metadata_props)
    _name_sizes(model, program)
    return outputs


def _outputs(model: onnx_ir.Model, program: Program) -> dict[str, str]:
    others = {*program.inputs, *model.graph.initializers}
    taken = {*others, *program.outputs}
    names = {name: _untaken(name, taken) if name in others else name for name in program.outputs}
    for place, value in enumerate(model.graph.outputs):
        if value.producer() is None:
            model.graph.outputs[place] = _copied(model, value)
    for node in model.graph.all_nodes():
        for value in node.outputs:
            value.name = _untaken(value.name or "value", taken)
    for value, name in zip(model.graph.outputs, names.values(), strict=True):
        value.name = name
    return names


def _copied(model: onnx_ir.Model, value: onnx_ir.Value) -> onnx_ir.Value:
    """An output that is a weight: the weight keeps its own name."""
    import onnx_ir

    node = onnx_ir.Node("", "Identity", [value])
    (copy,) = node.outputs
    copy.type = value.type
    model.graph.append(node)
    return copy


def _untaken(name: str, taken: set[str]) -> str:
    """The name, with something behind it where it is taken; then it is taken too."""
    while name in taken:
        name += "_output"
    taken.add(name)
    return name


def _name_sizes(model: onnx_ir.Model, program: Program) -> None:
    import onnx_ir

    symbols = re.compile("|".join(rf"\b{re.escape(each)}\b" for each in program.free) or "$^")
    for node in model.graph.all_nodes():
        for value in node.outputs:
            if value.shape is not None:
                value.shape = onnx_ir.Shape([_size(dim, symbols, program.free) for dim in value.shape])
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
