"""What the methods of a generated class take and give, as annotations.

`self` is Any where a method reads what its class has: torch's modules say of no child of which class it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from archdsl.ir.graph import Graph
from archdsl_torch.lowering.statements import Assign, Body, For, If, Return, With
from archdsl_torch.lowering.tree import Global, Many
from archdsl_torch.writing.arguments import UNSET, Atom
from archdsl_torch.writing.plan import ClassPlan

ANY: Final = "typing.Any"
TENSOR: Final = "torch.Tensor"
OWN: Final = f"self: {ANY}"
_KINDS: Final = {bool: "bool", int: "int", float: "float", str: "str", type(None): "None"}


def argument_type(atom: Atom) -> str:
    """The type of a constructor's argument, as far as the instances' values tell it."""
    return type_of(value for value in atom.values if value is not UNSET)


def type_of(values: Iterable[Any]) -> str:
    """One type for all values: of plain ones and of tuples of whole numbers, else Any."""
    kinds = dict.fromkeys(map(_kind, values))
    if not kinds or ANY in kinds:
        return ANY
    if "float" in kinds:
        kinds.pop("int", None)  # which a float may be
    return " | ".join(sorted(kinds, key=lambda kind: kind == "None"))


def _kind(value: Any) -> str:
    if isinstance(value, tuple) and value and all(type(item) is int for item in value):
        return f"tuple[{', '.join(['int'] * len(value))}]"
    return _KINDS.get(type(value), ANY)


def port(plan: ClassPlan, name: str) -> str:
    """An input of a forward; checkers cannot follow which instances are fed one that is optional."""
    return f"{name}: {ANY} = None" if name in plan.merged.optional else f"{name}: {TENSOR}"


def returned_type(graph: Graph, plan: ClassPlan) -> str:
    """What a forward gives; the network's outputs may be there in one mode alone."""
    if plan.scope.scope is None:
        several = f"Outputs | tuple[{TENSOR}, ...]" if graph.output_modes else "Outputs"
        return several if len(graph.outputs) > 1 else _one(graph)
    counts = {len(each.values) for each in _returns(plan.forward)}
    return f"tuple[{TENSOR}, ...]" if counts - {1} else TENSOR


def _one(graph: Graph) -> str:
    return f"{TENSOR} | None" if graph.output_modes else TENSOR


def untyped_lists(body: Body) -> Body:
    """With Any for a list that a loop fills: the variable is what the list becomes, afterwards."""
    return tuple(
        replace(each, annotation=Global(ANY)) if isinstance(each, Assign) and each.values == (Many(()),) else each
        for each in body
    )


def _returns(body: Body) -> Iterable[Return]:
    for statement in body:
        match statement:
            case Return():
                yield statement
            case If(branches, otherwise):
                for each in (*(body for _, body in branches), otherwise):
                    yield from _returns(each)
            case For(_, _, inner) | With(_, inner):
                yield from _returns(inner)
            case _:
                pass
