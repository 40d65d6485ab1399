"""Which parameters are trained."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.graph import Graph, Node
from archdsl.ops.base import Weight
from archdsl.shapes import TensorType, evaluate


def is_frozen(node: Node, name: str) -> bool:
    """Whether a parameter is not trained, or is another's that is not."""
    node, name = owner(node, name)
    return name in node.frozen


def owner(node: Node, name: str) -> tuple[Node, str]:
    """The node that has a tensor first, and its name there: what is tied is another's."""
    seen = {(node, name)}
    node = node.share or node
    while name in node.tie:
        value = node.tie[name]
        node, name = value.node.share or value.node, value.weight or ""
        if (node, name) in seen:
            break
        seen.add((node, name))
    return node, name


def trainable(graph: Graph) -> int:
    """How many numbers the parameters have that are trained, shared and tied ones counted once."""
    trained = (weight for weight, frozen in own_tensors(graph) if not weight.buffer and not frozen)
    return sum(evaluate(TensorType(weight.shape).size, {}) for weight in trained)


def own_tensors(graph: Graph) -> Iterator[tuple[Weight, bool]]:
    """The parameters and buffers, shared and tied ones once, each with whether it is frozen."""
    for node in graph.nodes:
        own = {} if node.share is not None else node.tensors
        yield from ((weight, name in node.frozen) for name, weight in own.items() if name not in node.tie)


def has_parameters(node: Node) -> bool:
    """Whether some of its tensors are parameters, its own or another's."""
    return any(not weight.buffer for weight in node.tensors.values())


def is_all_frozen(node: Node) -> bool:
    """Whether a node has parameters, and none of them is trained."""
    return has_parameters(node) and all(
        is_frozen(node, name) for name, weight in node.tensors.items() if not weight.buffer
    )
