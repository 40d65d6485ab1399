"""Finds the blocks that a user names by their paths."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.figure.errors import DrawingError
from archdsl.ir.graph import Graph, Node, Scope
from archdsl.text.nearest import did_you_mean


def block_at(graph: Graph, path: str) -> Scope:
    """The block, or the list or group of blocks, at a path.

    Raises DrawingError for a path that there is not, or that is an op's.
    """
    found: Node | Scope | None = graph.root
    for name in path.split("."):
        found = found.children.get(name) if isinstance(found, Scope) else None
    if isinstance(found, Scope):
        return found
    if found is None:
        hint = did_you_mean(path, _paths(graph.root)) or "`archdsl summary` lists the paths"
        raise DrawingError(f"there is no block `{path}` in `{graph.name}`", hint)
    around = found.scope.path if found.scope is not None else ""
    raise DrawingError(
        f"`{path}` is an op, `{found.op.name}`, expected a block",
        f"the block around it is `{around}`" if around else None,
    )


def _paths(scope: Scope) -> Iterable[str]:
    for child in scope.children.values():
        if isinstance(child, Scope):
            yield child.path
            yield from _paths(child)
