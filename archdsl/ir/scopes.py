"""The scopes of a network's tree."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Graph, Item, Scope


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


def scope_at(graph: Graph, path: str) -> Scope | None:
    """The scope at a path; None where there is none, or a node."""
    return next((scope for scope in scopes_of(graph.root) if scope.path == path), None)
