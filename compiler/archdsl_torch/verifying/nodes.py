"""The spec's side of a difference: where a part is written, and what is computed before it."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import final

from archdsl.ir.graph import Graph, Node, Scope, Value

_MOST = 8
"""So many nodes are named."""


@final
class SpecLines:
    """Looks up paths of a graph."""

    def __init__(self, graph: Graph) -> None:
        self._parts = {part.path: part for part in _parts(graph.root)}
        self._order = {node: place for place, node in enumerate(graph.nodes)}

    def place(self, path: str) -> str:
        """The line where a part is written; nothing for what no line stands for."""
        part = self._parts.get(path)
        if part is None or part.site is None:
            return ""
        span = part.site.span
        return f"{span.file}:{span.line}"

    def between(self, path: str, part: str, same: Set[tuple[str, str]]) -> tuple[str, ...]:
        """The nodes between the values that are the same, each with its path and part, and another one."""
        asked = self._parts.get(path)
        if asked is None or (isinstance(asked, Node) and part == "output"):
            return ()
        known = {value.node for each in same for value in self._values(*each)}
        found = sorted(self._before(self._values(path, part), known), key=self._order.__getitem__)
        named = [self._named(node) for node in found[-_MOST:]]
        return (*([f"{len(found) - _MOST} more"] if len(found) > _MOST else []), *named)

    def _values(self, path: str, part: str) -> list[Value]:
        """What goes into a part, or out of it."""
        found = self._parts.get(path)
        if found is None:
            return []
        if isinstance(found, Node):
            values = found.inputs if part == "input" else (Value(found, 0, found.types[0]),)
        else:
            values = tuple((found.inputs if part == "input" else found.outputs).values())
        return [value for value in values if value is not None]

    def _before(self, values: list[Value], known: Set[Node]) -> set[Node]:
        """The nodes that make values out of those of the known nodes."""
        found: set[Node] = set()
        waiting = [*values]
        while waiting:
            node = waiting.pop().node
            if node in found or node in known or node not in self._order or not node.inputs:
                continue
            found.add(node)
            waiting += [value for value in node.inputs if value is not None]
        return found

    def _named(self, node: Node) -> str:
        place = self.place(node.path)
        return f"`{node.path}` ({node.op.name}{f', {place}' if place else ''})"


def _parts(scope: Scope) -> Iterator[Node | Scope]:
    yield scope
    for child in scope.children.values():
        yield from _parts(child) if isinstance(child, Scope) else (child,)
