"""Where a figure says what it does not draw: at what reads it.

Figures draw no box for constants, for parameters and for what is computed from these alone, but in the words of what
reads them; nor, most often, for what only passes on what it is given.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from archdsl.figure.flow import Flow
from archdsl.ir.graph import Node
from archdsl.ir.scopes import scopes_around

MOST: Final = 8
"""Readers that are told of each."""

SeenFrom = tuple[int, str]
"""Seen from a scope: how many scopes to go up, and the path from there."""


class Constants:
    """The nodes without a box, and who reads them."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._readers: dict[Node, list[Node]] = {}
        """Of nodes without a box, through others of these: the first that have one, in running order."""
        hidden = {node for node in flow.graph.nodes if node not in flow.static and flow.hides([node])}
        direct: dict[Node, list[Node]] = {node: [] for node in flow.static | hidden}
        for node in flow.graph.nodes:
            for value in node.inputs:
                if value is not None and value.node in direct:
                    direct[value.node].append(node)
        for node in reversed(flow.graph.nodes):
            if node in direct:
                found = (end for reader in direct[node] for end in self._readers.get(reader, [reader]))
                self._readers[node] = list(islice(dict.fromkeys(found), MOST))

    def passes(self, node: Node) -> bool:
        """Whether it only passes on what flows: it may have no box although an input reaches it."""
        return node in self._readers and bool(self._flow.sources[node])

    def is_constant(self, node: Node) -> bool:
        """Whether it has no box because no input reaches it."""
        return node in self._flow.static and not self._flow.sources[node]

    def readers(self, node: Node) -> list[SeenFrom]:
        """The places, as seen from its scope, of what reads a node without a box; nothing for one that has a box."""
        return [_seen_from(node, reader) for reader in self._readers.get(node, ())]


def _seen_from(node: Node, other: Node) -> SeenFrom:
    around = set(scopes_around(other))
    up, common = next((up, scope) for up, scope in enumerate(scopes_around(node)) if scope in around)
    return up, other.path.removeprefix(f"{common.path}.")
