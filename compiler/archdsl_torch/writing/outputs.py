"""What a network of several outputs gives: a NamedTuple of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from archdsl.ir.graph import Graph
from archdsl_torch.lowering.spelling import text_literal
from archdsl_torch.lowering.statements import Body, Return, assign
from archdsl_torch.lowering.text import Brackets, render
from archdsl_torch.lowering.tree import Call, Code, Comprehension, Conditional, Loop, Variable, is_given
from archdsl_torch.planning.survey import output_fields


class Definition(NamedTuple):
    """A class or function of the file, with the names that it reads."""

    lines: list[str]
    reads: frozenset[str]


def outputs(graph: Graph) -> Iterator[Definition]:
    """The class, where the network has several outputs, and that torch is told of it."""
    if len(graph.outputs) < 2:
        return
    fields = output_fields(graph)
    declared = [
        f"    {field}: torch.Tensor{' | None' if name in graph.output_modes else ''}" for name, field in fields.items()
    ]
    head = ["class Outputs(NamedTuple):", '    """What the network gives."""', ""]
    yield Definition([*head, *declared], frozenset({"NamedTuple", "torch"}))
    yield Definition(_registration(graph.name, fields.values()), frozenset({"_pytree"}))


def _registration(network: str, fields: Iterable[str]) -> list[str]:
    """torch.export.save writes only tuples that torch knows by a name; equal names mean equal fields."""
    name = text_literal("archdsl.", network, ".Outputs(", ",".join(fields), ")")
    call = Brackets("_pytree._register_namedtuple(", ("Outputs", f"serialized_type_name={name}"))
    return ["# for torch.export.save", *render("", call, 0)]


def returned(graph: Graph, values: Mapping[str, Code]) -> Body:
    """The end of the network's forward, which gives these values by output."""
    fields = output_fields(graph)
    given = Call("Outputs", (), tuple((fields[name], value) for name, value in values.items()))
    if not graph.output_modes:
        return (Return((given,)),)
    kept, x = Variable("outputs"), Variable("x")
    present = Comprehension(x, (Loop(("x",), kept, (is_given(x),)),), bare=True)
    traced = Conditional(Call("torch.jit.is_tracing"), Call("tuple", (present,)), kept)
    return (assign(kept, given), Return((traced,), "torch.jit.trace takes no None"))
