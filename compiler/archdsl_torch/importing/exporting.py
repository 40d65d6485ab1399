"""A module under `torch.export`, with every size of its inputs free on which nothing else in its code depends."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from inspect import signature
from pathlib import Path
from traceback import FrameSummary
from typing import Any, Final, final

import torch
from torch.export import Dim, ExportedProgram

from archdsl.ir.modules import ModuleError

_AXES: Final = {1: "N", 2: "NF", 3: "NTC", 4: "NCHW", 5: "NCDHW"}
"""What dimensions are called, by the number of them."""
_TORCH: Final = f"{Path(torch.__file__).parent}{os.sep}"

_REMAINDERS: Final = ("Mod", "PythonMod")
"""What torch's symbolic shapes call a remainder."""
MAX_QUESTIONS: Final = 2000
"""Comparisons of free sizes in a trace: each takes longer the more there were before it."""


def axis(rank: int, place: int) -> str:
    """What the dimension at a place is called."""
    return _AXES[rank][place] if rank in _AXES else f"D{place}"


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, or what it is."""
    said = ""
    with suppress(Exception):  # a module's own exception may be one that says nothing
        said = str(error).strip()
    return next(iter(said.splitlines()), type(error).__name__)


def exported(
    module: torch.nn.Module, inputs: tuple[torch.Tensor, ...], dynamic: Collection[str] | None = None
) -> ExportedProgram:
    """Traced with as many sizes free as the module allows: those of `dynamic`, or all; the batch alone; or none.

    Raises ModuleError.
    """
    try:
        signature(module.forward).bind(*inputs)
    except TypeError as error:
        raise ModuleError(f"`{type(module).__name__}.forward`: {error}") from error
    if others := [each for each in inputs if not isinstance(each, torch.Tensor)]:
        raise ModuleError(f"an example is a tensor, and `{others[0]}` is none")
    fixed: set[tuple[int, int]] = set()
    for free in (partial(_places, dynamic), lambda tensor: (0,), lambda tensor: ()):
        try:
            return _undecided(module, inputs, free, fixed)
        except (Exception, _TooMany) as error:
            failure = error
    raise ModuleError(f"torch.export cannot trace `{type(module).__name__}`: {first_line(failure)}") from failure


def _undecided(
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    free: Callable[[torch.Tensor], tuple[int, ...]],
    fixed: set[tuple[int, int]],
) -> ExportedProgram:
    """Traced anew until no free size decides a branch; those that did are `fixed`: inputs' numbers and dimensions."""
    given = signature(module.forward).bind(*range(len(inputs))).arguments
    while True:
        places = {(n, place) for n, each in enumerate(inputs) for place in free(each)} - fixed
        sizes = {name: _free(value, inputs, places) for name, value in given.items()}
        try:
            with _Watch(inputs).beside(module), warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what the trace does to the module, which keeps its state
                return torch.export.export(module, inputs, dynamic_shapes=sizes, strict=False)
        except _Decided as decided:
            fixed |= decided.places


def _free(given: Any, inputs: Sequence[torch.Tensor], places: Collection[tuple[int, int]]) -> Any:
    """The sizes of an argument that may vary; of each, where it is a `*` that takes several."""
    return (
        {place: Dim.AUTO for place in range(inputs[given].dim()) if (given, place) in places}
        if isinstance(given, int)
        else tuple(_free(each, inputs, places) for each in given)
    )


def _places(dynamic: Collection[str] | None, tensor: torch.Tensor) -> tuple[int, ...]:
    """The dimensions that may vary: those of these names, or all but the channels."""
    names = [axis(tensor.dim(), place) for place in range(tensor.dim())]
    return tuple(place for place, name in enumerate(names) if (name != "C" if dynamic is None else name in dynamic))


class _Decided(BaseException):
    """Free sizes that code outside of torch has compared: another value may have taken another branch.

    What a module's code takes for a mistake of its own it must not be.
    """

    def __init__(self, places: set[tuple[int, int]]) -> None:
        self.places = places


class _TooMany(BaseException):
    """More is asked about free sizes than one waits for."""

    def __init__(self) -> None:
        super().__init__(f"more than {MAX_QUESTIONS} questions about free sizes")


@final
class _Watch:
    """Looks, whenever a module has run, whether a free size has decided something: what follows would be in vain."""

    def __init__(self, inputs: Sequence[torch.Tensor]) -> None:
        self._inputs = inputs
        self._sizes: dict[tuple[int, int], Any] = {}
        """The free sizes, by the numbers of their inputs and dimensions."""
        self._seen = 0

    @contextmanager
    def beside(self, module: torch.nn.Module) -> Iterator[None]:
        hooks = [each.register_forward_hook(self._look) for each in module.modules()]
        hooks.append(module.register_forward_pre_hook(self._begin))
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    def _begin(self, module: torch.nn.Module, given: tuple[Any, ...]) -> None:
        self._sizes = {
            (number, place): size.node
            for number, each in enumerate(given)
            for place, size in enumerate(each.shape)
            if not isinstance(size, int)
        }

    def _look(self, module: torch.nn.Module, given: Any, result: Any) -> None:
        """Raises _Decided and _TooMany."""
        if not self._sizes:
            return
        guards = next(iter(self._sizes.values())).shape_env.guards
        if len(guards) > MAX_QUESTIONS:
            raise _TooMany
        told = {symbol for guard in guards[self._seen :] if _decides(guard) for symbol in guard.expr.free_symbols}
        self._seen = len(guards)
        if places := {place for place, node in self._sizes.items() if node.expr.free_symbols & told}:
            raise _Decided(places)


def _decides(guard: Any) -> bool:
    """Whether a comparison allows few other sizes, or stands in code outside of torch, where it may choose a branch.

    That two sizes are one decides nothing: they have one name. Nor does that one is a multiple.
    """
    expression = guard.expr
    equal = expression.func.__name__ == "Equality"
    if equal and any(term.is_Integer and term > 1 for term in expression.args):
        return not any(type(term).__name__ in _REMAINDERS for term in expression.args)
    frame = guard.sloc.framework_loc
    outside = isinstance(frame, FrameSummary) and not frame.filename.startswith(_TORCH)
    return outside and not (equal and all(term.is_Symbol for term in expression.args))
