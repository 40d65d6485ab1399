"""Sizes of one graph by the names of another's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from archdsl.expressions.tree import Literal, Tree
from archdsl.expressions.walking import rebuild
from archdsl.ir.graph import Graph
from archdsl.ops.base import Op
from archdsl.shapes import Dim, Division, Symbolic, TensorType, multiply, product

Sized: TypeAlias = Mapping[str, Dim]
"""What the names of sizes stand for."""


def resized(value: Any, sized: Sized) -> Any:
    """A size, or what holds some, with what the names stand for."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(resized(each, sized) for each in value)
    if isinstance(value, TensorType):
        return TensorType(resized(value.shape, sized), value.dtype.removeprefix("torch."))
    if isinstance(value, Op):
        fields = {**{name: getattr(value, name) for name in value.model_fields_set}, **(value.__pydantic_extra__ or {})}
        changed = {name: new for name, old in fields.items() if (new := resized(old, sized)) is not old}
        return value.model_copy(update=changed) if changed and sized else value
    if isinstance(value, Literal):
        return Literal(resized(value.value, sized))
    if isinstance(value, Tree):
        return rebuild(value, lambda child: resized(child, sized))
    return _size(value, sized) if isinstance(value, Symbolic) and not value.names.isdisjoint(sized) else value


def _size(value: Symbolic, sized: Sized) -> Dim:
    total: Dim = 0
    for monomial, coefficient in value.terms:
        total = total + multiply(product(_atom(atom, sized) for atom in monomial), coefficient)
    return total


def _atom(atom: str | Division, sized: Sized) -> Dim:
    if isinstance(atom, str):
        return sized.get(atom, Symbolic((((atom,), 1),)))
    over, under = resized(atom.numerator, sized), resized(atom.denominator, sized)
    if atom.sign != "*":
        return over // under if atom.sign == "//" else over % under  # type: ignore[no-any-return]
    return int(over * under // 1) if isinstance(over, int) else Symbolic((((Division("*", over, under),), 1),))


def paired(graph: Graph, other: Graph) -> tuple[dict[str, Dim], dict[str, Dim]]:
    """What the names of two graphs' sizes stand for, where both take the same inputs: the first's, the second's."""
    ours: dict[str, Dim] = {}
    theirs: dict[str, Dim] = {}
    for one, two in zip(graph.inputs.values(), other.inputs.values(), strict=True):
        for left, right in zip(one.types[0].shape, two.types[0].shape, strict=True):
            if isinstance(left, int):
                theirs |= {} if isinstance(right, int) else {str(right): left}
            elif isinstance(right, int):
                ours[str(left)] = right
            else:
                theirs.setdefault(str(right), left)
    return ours, theirs
