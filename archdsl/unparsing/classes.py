"""How many classes a network tells apart: the width of its last layer, which a person varies, as a parameter.

It is one where nothing else follows from it: with another width, the layer's output still becomes the network's output,
and no other layer has other tensors for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from archdsl.ir.graph import Graph, Node, Value
from archdsl.ops.apply import apply
from archdsl.ops.base import Op, OpError
from archdsl.shapes import TensorType

NAME: Final = "num_classes"
_WIDTHS: Final = ("out_features", "out_channels")
"""The fields that say how wide a layer's output is."""
_OTHERS: Final = (1, 8190)
"""What is added to the width to see what follows from it."""


@dataclass(frozen=True)
class ClassWidth:
    """The width, and the layers that have it: none where the network has no such width."""

    width: int = 0
    layers: frozenset[Node] = field(default_factory=frozenset)

    @property
    def params(self) -> dict[str, Any]:
        return {NAME: self.width} if self.layers else {}

    def is_said(self, node: Node | None, key: str) -> bool:
        """Whether a field of a node is that width."""
        return node in self.layers and key in _WIDTHS


def class_width(graph: Graph) -> ClassWidth:
    """The width of the network's classifiers, where all have the same."""
    heads = frozenset(_heads(graph))
    widths = {_width(node) for node in heads}
    given = {value.node for value in graph.outputs.values()}
    if len(widths) != 1 or not all(_fits(graph, heads, given, more) for more in _OTHERS):
        return ClassWidth()
    return ClassWidth(widths.pop(), heads)


def _heads(graph: Graph) -> Iterator[Node]:
    """The layers after which there are none, and that make something else of what they read."""
    readers = defaultdict[Node, list[Node]](list)
    for node in graph.nodes:
        for value in (*node.inputs, *node.tie.values()):
            if value is not None:
                readers[value.node].append(node)
    last: set[Node] = set()
    for node in reversed(graph.nodes):
        if all(reader in last and not reader.tensors for reader in readers[node]):
            last.add(node)
            if _is_head(node):
                yield node


def _is_head(node: Node) -> bool:
    own = bool(node.tensors) and node.share is None and not node.registered and not node.tie
    width, source = _width(node), next(iter(node.inputs), None)
    biased = getattr(node.op, "bias", False) is True
    return own and biased and width > 1 and source is not None and width not in source.type.shape


def _width(node: Node) -> int:
    """0 where it has none."""
    found = next((getattr(node.op, key) for key in _WIDTHS if key in node.op.model_fields_set), 0)
    return found if isinstance(found, int) else 0


def _fits(graph: Graph, heads: frozenset[Node], given: set[Node], more: int) -> bool:
    """Whether the network has scores for each class, (N, classes), with more of them, too."""
    changed: dict[Node, tuple[TensorType, ...]] = {}
    for node in graph.nodes:
        reads = [value for value in node.inputs if value is not None and value.node in changed]
        if not reads and node not in heads:
            continue
        if any(value.weight is not None for value in reads):
            return False
        try:
            changed[node] = apply(
                _widened(node, heads, more), tuple(_type(each, changed) for each in node.inputs)
            ).types
        except OpError:
            return False
    ends = [changed[node] for node in given if node in changed]
    return bool(ends) and all(x.rank == 2 for types in ends for x in types)


def _widened(node: Node, heads: frozenset[Node], more: int) -> Op:
    if node not in heads:
        return node.op
    key = next(key for key in _WIDTHS if key in node.op.model_fields_set)
    return node.op.model_copy(update={key: _width(node) + more})


def _type(value: Value | None, changed: Mapping[Node, tuple[TensorType, ...]]) -> TensorType | None:
    if value is None or value.node not in changed:
        return None if value is None else value.type
    return changed[value.node][value.output]
