"""A module under `torch.export`, with every size of its inputs free on which nothing else in its code depends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import signature
from pathlib import Path
from traceback import FrameSummary
from typing import Any, Final

import torch
from torch.export import Dim, ExportedProgram

from archdsl.ir.modules import ModuleError

_AXES: Final = {2: "NF", 3: "NTC", 4: "NCHW", 5: "NCDHW"}
"""What dimensions are called, by the number of them."""
_TORCH: Final = str(Path(torch.__file__).parent)


def axis(rank: int, place: int) -> str:
    """What the dimension at a place is called."""
    return _AXES[rank][place] if rank in _AXES else f"D{place}"


def first_line(error: Exception) -> str:
    """The first line of what an exception says."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def exported(module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> ExportedProgram:
    """Traced with as many sizes free as the module allows: all, the batch alone, or none. Raises ModuleError."""
    try:
        given = signature(module.forward).bind(*inputs).arguments
    except TypeError as error:
        raise ModuleError(f"`{type(module).__name__}.forward`: {error}") from error
    if others := [each for each in inputs if not isinstance(each, torch.Tensor)]:
        raise ModuleError(f"an example is a tensor, and `{others[0]}` is none")
    fixed: set[tuple[int, int]] = set()
    for free in (_places, lambda tensor: (0,), lambda tensor: ()):
        try:
            return _undecided(module, inputs, given, free, fixed)
        except Exception as error:
            failure = error
    raise ModuleError(f"torch.export cannot trace `{type(module).__name__}`: {first_line(failure)}") from failure


def _undecided(
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    given: dict[str, Any],
    free: Callable[[torch.Tensor], tuple[int, ...]],
    fixed: set[tuple[int, int]],
) -> ExportedProgram:
    """Traced anew until no free size decides a branch; those that did are `fixed`: inputs' ids and dimensions."""
    while True:
        sizes = {name: _free(value, free, fixed) for name, value in given.items()}
        program = torch.export.export(module, inputs, dynamic_shapes=sizes, strict=False)
        more = {*_deciding(program, inputs)} - fixed
        if not more:
            return program
        fixed |= more


def _free(given: Any, free: Callable[[torch.Tensor], tuple[int, ...]], fixed: set[tuple[int, int]]) -> Any:
    """The sizes of an argument that may vary; of each, where it is a `*` that takes several."""
    return (
        {place: Dim.AUTO for place in free(given) if (id(given), place) not in fixed}
        if isinstance(given, torch.Tensor)
        else tuple(_free(each, free, fixed) for each in given)
    )


def _places(tensor: torch.Tensor) -> tuple[int, ...]:
    """The dimensions that may vary: all but the channels."""
    return tuple(place for place in range(tensor.dim()) if axis(tensor.dim(), place) != "C")


def _deciding(program: ExportedProgram, inputs: Sequence[torch.Tensor]) -> list[tuple[int, int]]:
    """The free sizes that code outside of torch has compared: another value may have taken another branch."""
    names = program.graph_signature.user_inputs
    values = {node.name: node.meta["val"] for node in program.graph.nodes if node.op == "placeholder"}
    sizes = {
        (id(tensor), place): size.node
        for name, tensor in zip(names, inputs, strict=True)
        for place, size in enumerate(values[name].shape)
        if not isinstance(size, int)
    }
    if not sizes:
        return []
    guards = next(iter(sizes.values())).shape_env.guards
    told = {symbol for guard in guards if _decides(guard) for symbol in guard.expr.free_symbols}
    return [place for place, node in sizes.items() if node.expr.free_symbols & told]


def _decides(guard: Any) -> bool:
    """Whether a comparison stands in code outside of torch, and is not that two sizes are one, which has one name."""
    frame = guard.sloc.framework_loc
    equal = guard.expr.func.__name__ == "Equality" and all(term.is_Symbol for term in guard.expr.args)
    return isinstance(frame, FrameSummary) and not frame.filename.startswith(_TORCH) and not equal
