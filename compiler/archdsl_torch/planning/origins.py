"""Whose module a unit runs."""

from __future__ import annotations

from archdsl.ir.graph import Node, Scope


def as_scope(unit: Node | Scope) -> Scope:
    assert isinstance(unit, Scope)
    return unit


def origin_of(unit: Node | Scope) -> Node | Scope:
    """The unit whose module this one runs: itself, but for `share` and what is inside a shared scope."""
    inside: list[str] = []
    current: Node | Scope = unit
    while current.share is None:
        if current.scope is None:
            return unit
        inside.append(current.name)
        current = current.scope
    origin: Node | Scope = current.share
    for name in reversed(inside):
        origin = as_scope(origin).children[name]
    return origin
