"""The scopes of a network's tree."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Item, Scope


def scopes_of(root: Scope) -> list[Scope]:
    """The scope and every one below, each before what it holds, in the order of the tree."""
    found: list[Scope] = []
    waiting = [root]
    while waiting:
        scope = waiting.pop()
        found.append(scope)
        waiting += [child for child in reversed(scope.children.values()) if isinstance(child, Scope)]
    return found


def scopes_around(item: Item) -> Iterator[Scope]:
    """The scopes that hold a node or scope, innermost first."""
    holder = item.scope
    while holder is not None:
        yield holder
        holder = holder.scope
