"""A spec's graph beside that of the module that is built of it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import archdsl
from archdsl.ir.graph import Graph
from archdsl.ir.modules import ModuleError
from archdsl.ir.scopes import scopes_of
from archdsl_torch.trial import sample_inputs
from tests.references.parity import undrawn
from tests.round_trip.normal import Normal, normal
from tests.round_trip.sizes import paired
from tests.round_trip.terms import Terms, apart

LOOPS, MODES, INITIALISERS = "loops over time", "modes", "initialisers"
"""What need not come back."""


@dataclass(frozen=True)
class Return:
    """What came back of a graph."""

    why: str = ""
    """Where it is another network; nothing where it is the same."""
    but: tuple[str, ...] = ()
    """What did not come back, and need not."""
    fixed: tuple[str, ...] = ()
    """The sizes that the trace fixed: the two are one network at these."""


def round_trip(graph: Graph, *, free: bool = True) -> Return:
    """Builds a graph, traces the module and compares; of sizes all are free that the module allows, or the batch."""
    with undrawn():
        module = archdsl.build(graph, init=False).eval()
    inputs = sample_inputs(graph, seed=1, sizes=graph.sample_sizes | dict.fromkeys(graph.batch, 2))
    with _quiet():
        try:
            other = archdsl.from_module(module, *inputs, name=graph.name, dynamic=None if free else ["N"])
        except ModuleError as error:
            return Return("; ".join(dict.fromkeys(str(error).splitlines())))
    return compared(graph, other)


def compared(one: Graph, other: Graph) -> Return:
    """Where two graphs are other networks, and what the second lacks of the first."""
    sizes = paired(one, other)
    but = [LOOPS] * any(scope.scan for scope in scopes_of(one.root)) + [INITIALISERS] * (
        _initial(one) != _initial(other)
    )
    fixed = tuple(f"{name} = {size}" for name, size in sizes[0].items())
    why = difference(one, other, *sizes, evaluation=False)
    if why and difference(one, other, *sizes, evaluation=True) == "":
        return Return("", (*but, MODES), fixed)
    return Return(why, tuple(but), fixed)


def difference(
    one: Graph, other: Graph, ours: Mapping[str, Any], theirs: Mapping[str, Any], *, evaluation: bool
) -> str:
    """The first value of two graphs that is another, or the first key; nothing where they are one network."""
    terms = Terms()
    left, right = normal(one, terms, ours, evaluation=evaluation), normal(other, terms, theirs, evaluation=evaluation)
    if keys := _other_keys(left, right):
        return keys
    names, others = ([*map(_field, each.names)] for each in (left, right))
    if len(names) != len(others) or (names != others and len(names) > 1):
        return f"the outputs are {', '.join(others)}, not {', '.join(names)}"
    for pair in zip(left.outputs, right.outputs, strict=True):
        if (found := apart(*pair)) is not None:
            return f"`{found[0]}` is `{found[1]}`"
    return ""


def _field(output: str) -> str:
    """What an output is called in the module's NamedTuple, which has no field `0`."""
    return output if output.isidentifier() else f"output_{output}"


def _other_keys(left: Normal, right: Normal) -> str:
    for key, said in left.tensors.items():
        if right.tensors.get(key) != said:
            return f"the tensor `{key}` is {right.tensors.get(key)}, not {said}"
    if more := [key for key in right.tensors if key not in left.tensors]:
        return f"it has a tensor `{more[0]}`"
    return "" if [*left.tensors] == [*right.tensors] else "keys stand in another order"


def _initial(graph: Graph) -> dict[str, Any]:
    """How tensors start, where a spec says it."""
    return {
        node.path: ({name: (each.name, each.arguments) for name, each in (node.init or {}).items()}, value)
        for node in graph.nodes
        if (value := getattr(node.op, "value", None) if node.op.name == "parameter" else None) is not None or node.init
    }


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what is told of training mode, which the comparison tells."""
    logger = logging.getLogger("archdsl")
    before = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = before
