"""Tensors that are computed: how `reset_parameters` fills them, which are no parameters themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.parametrized import parametrization_of
from archdsl_torch.lowering.statements import Body, Effect, For, If, Statement, With, assign
from archdsl_torch.lowering.tree import SELF, Attribute, Call, Code, Fixed, Method, Variable

MODULE: Final = Variable("module")


def for_modules(body: Body, children_first: bool = False) -> Statement:
    modules: Code = Method(SELF, "modules")
    return For(("module",), Call("reversed", (Call("list", (modules,)),)) if children_first else modules, body)


def through_originals(body: Sequence[Statement], nodes: Sequence[Node], reach: Callable[[Node], Code]) -> Body:
    """Fills tensors that are computed: in torch's cache each is made once, filled, and then taken apart again."""
    names: dict[str, list[Node]] = {}
    for node in nodes:
        found = parametrization_of(node.op)
        if found is not None:
            names.setdefault(found.name, []).append(node)
    spectral = {name: [node for node in own if _is_spectral(node)] for name, own in names.items()}
    loops = [_taken_apart(name, len(spectral[name]) == len(own)) for name, own in names.items()]
    single = [_turned(reach(n), name) for name, own in names.items() if spectral[name] != own for n in spectral[name]]
    return (With(Call("parametrize.cached"), (*body, *loops)), *single)


def _is_spectral(node: Node) -> bool:
    found = parametrization_of(node.op)
    return found is not None and found.function == "spectral_norm"


def _taken_apart(name: str, spectral: bool) -> Statement:
    """Gives the tensors of this name to what they are computed from."""
    is_computed = Call("parametrize.is_parametrized", (MODULE, Fixed(name)))
    tensor = Attribute(MODULE, name)
    turned = (_turned(MODULE, name),) if spectral else ()
    return for_modules((If(((is_computed, (assign(tensor, tensor), *turned)),)),))


def _turned(module: Code, name: str) -> Statement:
    return Effect(Call("start_power_method", (Attribute(Attribute(module, "parametrizations"), name),)))
