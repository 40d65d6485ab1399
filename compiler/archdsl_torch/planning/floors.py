"""Which scopes of one definition stand in one another, as those of a block that holds itself do.

What is written once becomes one class where none of its scopes holds another of them. Else floors tell them apart: on
floor 0 stand those that hold none of their kind, on floor 1 those that hold some of floor 0, and so on.
"""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ir.graph import Scope
from archdsl_torch.planning.origins import as_scope, origin_of


def floors(scopes: Iterable[Scope]) -> dict[Scope, int]:
    """The floor of each scope of a definition that holds itself, directly or through others."""
    definitions = {scope: _definition(scope) for scope in scopes}
    circular = _circular(_holds(definitions))
    if not circular:
        return {}
    found: dict[Scope, int] = {}
    highest: dict[Scope, int] = {}
    for scope in reversed(definitions):  # what a scope holds stands behind it
        inside = [highest[child] for child in scope.children.values() if isinstance(child, Scope)]
        highest[scope] = max(inside, default=-1)
        if definitions[scope] in circular:
            highest[scope] += 1
            found[scope] = highest[scope]
    return found


def _definition(scope: Scope) -> object | None:
    """What the scope is written as; None for what only dotted names make, and for the network."""
    origin = as_scope(origin_of(scope))
    return origin.site if origin.block is None else origin.definition


def _holds(definitions: dict[Scope, object | None]) -> dict[object, set[object]]:
    """Which definitions stand in scopes of each, with none between them."""
    holds: dict[object, set[object]] = {}
    for scope, own in definitions.items():
        around = scope.scope
        while around is not None and definitions[around] is None:
            around = around.scope
        if own is not None and around is not None:
            holds.setdefault(definitions[around], set()).add(own)
    return holds


def _circular(holds: dict[object, set[object]]) -> set[object]:
    """The definitions that hold themselves, and those between two such."""
    left = set(holds)
    while True:
        held = {inside for each in left for inside in holds[each]}
        kept = {each for each in left & held if holds[each] & left}
        if kept == left:
            return left
        left = kept
