"""Whose module a unit runs."""

from __future__ import annotations

from archdsl.ir.graph import Node, Scope


def as_scope(unit: Node | Scope) -> Scope:
    assert isinstance(unit, Scope)
    return unit


def origin_of(unit: Node | Scope) -> Node | Scope:
    """The unit whose module this one runs: itself, but for `share` and what is inside a shared scope."""
    current: Node | Scope = unit
    while current.share is None:
        if current.scope is None:
            return unit
        current = current.scope
    origin: Node | Scope = current.share
    for name in _names(unit, current):
        origin = as_scope(origin).children[name]
    return origin


def _names(unit: Node | Scope, around: Node | Scope) -> list[str]:
    """Those on the way down to a unit."""
    names: list[str] = []
    while unit is not around and unit.scope is not None:
        names.append(unit.name)
        unit = unit.scope
    return names[::-1]
