"""What is known of a value that no input of the network reaches: whether it is learned, what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.special import Parameter
from archdsl.words.naming import humanise

MOST: Final = 100
"""The most nodes that are looked at of what a value is made of."""


def learned_of(nodes: Iterable[Node]) -> set[Node]:
    """Of nodes in running order those whose values training changes: they have parameters, or read what does."""
    found: set[Node] = set()
    for node in nodes:
        owned = isinstance(node.op, Parameter) or any(not weight.buffer for weight in node.tensors.values())
        if owned or any(
            given is not None and (given.weight is not None or given.node in found) for given in node.inputs
        ):
            found.add(node)
    return found


def made_of(top: Node) -> Iterator[Node]:
    """A node, and what it is made of, as far as it is not very much."""
    seen = {top}
    waiting = [top]
    while waiting and len(seen) < MOST:
        node = waiting.pop()
        yield node
        sources = {value.node for value in node.inputs if value is not None} - seen
        seen |= sources
        waiting += sources


def tensor_name(node: Node) -> str:
    """What a tensor is called: where it is all that its scope holds, as that."""
    scope = node.scope
    named = scope if scope is not None and scope.scope is not None and len(scope.children) == 1 else node
    return humanise(named.name)
