"""A built network under `torch.export`: its sizes that may vary, its inputs and outputs by the spec's names."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, final

import torch
from sympy import Basic, Eq, Integer, Symbol, false
from torch import Tensor, nn
from torch.export import Dim, ExportedProgram

from archdsl.ir.exports import ExportError, ExportReport
from archdsl.ir.graph import Graph, Mode
from archdsl.shapes import Shape, Symbolic, evaluate, format_shape
from archdsl.text.spelled import quoted
from archdsl_torch.exports.decompositions import FreeSizes
from archdsl_torch.exports.quiet import quiet
from archdsl_torch.exports.reasons import first_line, refusal
from archdsl_torch.trial import sample_inputs

_MANY = 2
"""The least size that torch takes for any number."""
_TRIED: Final = (997, 1000, 1023, 1024, 1155, 2310)
"""Sizes with and without the divisors that networks have."""


@final
@dataclass(frozen=True)
class Program:
    """A network as `torch.export` traced it in evaluation mode."""

    traced: ExportedProgram
    inputs: Mapping[str, Shape]
    """Sizes that may vary are symbolic."""
    outputs: Mapping[str, Shape]
    free: Mapping[str, str]
    """What torch calls the sizes that may vary, with the spec's names."""
    notes: tuple[str, ...]

    def equations(self) -> list[Eq]:
        """What torch has taken for true of sizes and other sizes would make false; more, once it is worked on.

        That two sizes are equal is left out: inputs have their batch in common.
        """
        found = [
            each
            for each in _guards(self.traced)
            if isinstance(each, Eq) and not each.lhs.is_symbol & each.rhs.is_symbol
        ]
        return [each for each in found if {*map(str, each.free_symbols)} & self.free.keys() and false_somewhere(each)]

    def refusals(self, traced: Sequence[Eq]) -> list[str]:
        """A line for each equation that makes a file wrong at other sizes, given those that the trace began with.

        Of these, one with 1 says that something stands beside each number; the others ask how memory is laid out.
        """
        written = [each for each in self.equations() if each not in traced or 1 in each.args]
        return [self._refusal(each) for each in written]

    def _refusal(self, equation: Eq) -> str:
        free = {each: Symbol(self.free[str(each)]) for each in equation.free_symbols if str(each) in self.free}
        names = quoted(sorted({*map(str, free.values())}))
        return (
            f"{names} cannot vary: what torch writes is right only where {equation.xreplace(free)} holds; "
            "at another sample size it may write more"
        )

    def called(self, names: Mapping[str, str]) -> Program:
        """The program with its outputs as a file calls them, and a note for each that has another name there."""
        notes = (
            f"the output `{name}` is `{found}` in the file, where an input or a weight is called `{name}`"
            for name, found in names.items() if found != name
        )  # fmt: skip
        outputs = {names[name]: shape for name, shape in self.outputs.items()}
        return replace(self, outputs=outputs, notes=(*self.notes, *notes))

    def report(self, **detail: str) -> ExportReport:
        """What a file of it is, but for its name."""
        return ExportReport((), _texts(self.inputs), _texts(self.outputs), self.notes, detail)


def program_of(graph: Graph, module: nn.Module, dynamic: Sequence[str] | None) -> Program:
    """The network's program, in which the sizes named by `dynamic` may vary; by default the batch.

    Raises ExportError for a name that the inputs do not have, for a size that was asked for and is fixed by the
    network's code, and for a network that torch cannot trace.
    """
    free, notes = {*_named(graph, dynamic)}, list[str]()
    while True:
        traced, fixed = _tried(graph, module, free)
        if traced is not None and not fixed:
            return _program(graph, traced, free, notes)
        if dynamic is not None:
            raise ExportError("\n".join(fixed.values()))
        notes += fixed.values()
        free -= fixed.keys()


def _named(graph: Graph, dynamic: Sequence[str] | None) -> tuple[str, ...]:
    if dynamic is None:
        return graph.batch
    shapes = _input_shapes(graph)
    known = {name for shape in shapes.values() for dim in shape for name in _names(dim)}
    if unknown := [name for name in dict.fromkeys(dynamic) if name not in known]:
        inputs = ", ".join(f"`{name}` is {format_shape(shape)}" for name, shape in shapes.items())
        raise ExportError(f"{quoted(unknown)}: the inputs have no such size that may vary: {inputs}")
    return tuple(dynamic)


def _tried(graph: Graph, module: nn.Module, free: set[str]) -> tuple[ExportedProgram | None, dict[str, str]]:
    """The program with these sizes free, and a line for each size that cannot be: then there may be no program."""
    try:
        traced = _traced(graph, module, free)
    except Exception as error:
        if not free:
            raise ExportError(f"torch.export cannot trace `{graph.name}`: {first_line(error)}") from error
        return None, _why(graph, module, free) or _why(graph, module, free, first_line(error))
    fixed = {
        name for shape, value in zip(_input_shapes(graph).values(), _found(traced), strict=True)
        for dim, size in zip(shape, value.shape, strict=True) if _is_number(size) for name in _names(dim) & free
    }  # fmt: skip
    return traced, _why(graph, module, fixed, "the trace is for that number alone")


def _why(graph: Graph, module: nn.Module, fixed: Collection[str], otherwise: str | None = None) -> dict[str, str]:
    """A line for each size that says why it is fixed; none where the network takes others and nothing else is said."""
    with quiet(), _evaluating(module):
        reasons = {name: refusal(graph, module, name) or otherwise for name in sorted(fixed)}
    return {
        name: f"`{name}` cannot vary, it is {graph.sample_sizes[name]} in the file: {why}"
        for name, why in reasons.items() if why is not None
    }  # fmt: skip


def _traced(graph: Graph, module: nn.Module, free: Collection[str]) -> ExportedProgram:
    sizes = {name: max(size, _MANY) if name in free else size for name, size in graph.sample_sizes.items()}
    example = sample_inputs(graph, seed=0, sizes=sizes)
    dynamic = {
        name: {place: Dim.AUTO for place, dim in enumerate(shape) if _names(dim) & {*free}}
        for name, shape in _input_shapes(graph).items()
    }
    with quiet(), torch.no_grad(), _evaluating(module), FreeSizes():
        return torch.export.export(_handed(module, graph), example, dynamic_shapes=dynamic, strict=False)


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    training = {each: each.training for each in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for each, mode in training.items():
            each.training = mode


def _handed(module: nn.Module, graph: Graph) -> nn.Module:
    """The module as it is handed on: several outputs are a dictionary, which loads where no class is at hand.

    It shares the tensors of the module, which stays as it was.
    """
    if len(graph.outputs) == 1:
        return module
    kind, names = type(module), tuple(graph.outputs)

    class Handed(kind):  # type: ignore[misc, valid-type]
        def forward(self, *given: Any, **named: Any) -> dict[str, Tensor]:
            outputs = dict(zip(names, super().forward(*given, **named), strict=True))
            return {name: value for name, value in outputs.items() if value is not None}

    Handed.__name__, Handed.__qualname__, Handed.__module__ = kind.__name__, kind.__qualname__, kind.__module__
    Handed.forward.__signature__ = inspect.signature(kind.forward)  # type: ignore[attr-defined]
    made = copy.copy(module)
    made.__class__ = Handed
    return made


def _program(graph: Graph, traced: ExportedProgram, free: set[str], notes: list[str]) -> Program:
    names: dict[str, str] = {}
    for shape, found in zip(_input_shapes(graph).values(), _found(traced), strict=True):
        for dim, size in zip(shape, found.shape, strict=True):
            if str(dim) in free and (first := names.setdefault(str(size), str(dim))) != str(dim):
                notes.append(f"`{dim}` is always equal to `{first}`: the network asks for that")
    outputs = {name: value.type.shape for name, value in graph.outputs.items() if _gives(graph, name)}
    return Program(
        traced,
        _at_sizes(graph, _input_shapes(graph), free),
        _at_sizes(graph, outputs, free),
        names,
        tuple(dict.fromkeys(notes)),
    )


def _gives(graph: Graph, output: str) -> bool:
    return graph.output_modes.get(output) is not Mode.TRAINING


def _at_sizes(graph: Graph, shapes: Mapping[str, Shape], free: set[str]) -> dict[str, Shape]:
    """The shapes, with the numbers that are fixed."""
    return {
        name: tuple(dim if _names(dim) & free else evaluate(dim, graph.sample_sizes) for dim in shape)
        for name, shape in shapes.items()
    }


def _input_shapes(graph: Graph) -> dict[str, Shape]:
    return {name: node.types[0].shape for name, node in graph.inputs.items()}


def _found(traced: ExportedProgram) -> Iterable[Tensor]:
    """The inputs as they are in the program."""
    values = {node.name: node.meta["val"] for node in traced.graph.nodes if node.op == "placeholder"}
    return [values[name] for name in traced.graph_signature.user_inputs]


def _texts(shapes: Mapping[str, Shape]) -> dict[str, str]:
    return {name: format_shape(shape) for name, shape in shapes.items()}


def _guards(traced: ExportedProgram) -> list[Basic]:
    """What torch has found out of sizes that may vary, as long as it looked at them."""
    modes = (each.meta["val"].fake_mode for each in traced.graph.nodes if each.op == "placeholder")
    return [guard.expr for guard in next((mode.shape_env.guards for mode in modes if mode.shape_env), [])]


def false_somewhere(equation: Eq) -> bool:
    """Whether some of the sizes tried make it false; what says that a size is at least 1 holds for all of them."""
    symbols = sorted(equation.free_symbols, key=str)
    places = ({each: Integer(size + 37 * i) for i, each in enumerate(symbols)} for size in _TRIED)
    return any(equation.xreplace(place) == false for place in places)


def _is_number(size: Any) -> bool:
    """Whether a size is one number, for all that it may be written as a symbol."""
    return isinstance(size, int) or size.node.maybe_as_int() is not None


def _names(dim: object) -> frozenset[str]:
    return dim.names if isinstance(dim, Symbolic) else frozenset()
