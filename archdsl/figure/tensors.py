"""What is known of a value that no input of the network reaches: whether it is learned, what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Node, Value
from archdsl.ops.special import Parameter
from archdsl.words.naming import humanise


def is_learned(value: Value) -> bool:
    """Whether training changes what it is made of."""
    return value.weight is not None or any(map(_learns, made_of(value.node)))


def _learns(node: Node) -> bool:
    owned = isinstance(node.op, Parameter) or any(not weight.buffer for weight in node.tensors.values())
    return owned or any(given is not None and given.weight is not None for given in node.inputs)


def made_of(top: Node) -> Iterator[Node]:
    """A node, and all that it is made of."""
    seen = {top}
    waiting = [top]
    while waiting:
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
