"""The network's own parameters that its class can take as arguments: `Net(num_classes=10)`.

Only those that nothing else depends on: written once in the whole file, as the bare width of a layer
whose value is an output and is read by nobody.
"""

from __future__ import annotations

import re
from typing import Any

from archdsl.expressions import Expression, Name
from archdsl.graph import Graph, Node

WIDTHS = ("out_features", "out_channels")
_BY_WIDTH = re.compile(r"\b(?<!mode=)(?:out_features|out_channels|fan_out)\b")


def free_parameters(graph: Graph) -> frozenset[str]:
    """The parameters that may change without the rest of the source being wrong."""
    read = {value.node for node in graph.nodes for value in node.inputs if value is not None}
    read |= {value.node for node in graph.nodes for value in node.tie.values()}
    read |= {node.share for node in graph.nodes if node.share is not None}
    last = {value.node for value in graph.outputs.values()} - read
    return frozenset(name for node in last if (name := _width(node)) is not None)


def _width(node: Node) -> str | None:
    template: Any = node.template
    if node.tie or _initialised_by_width(node):
        return None
    for field in WIDTHS:
        written = getattr(template, "fields", {}).get(field)
        if not isinstance(written, Expression) or not isinstance(written.tree, Name):
            continue
        binding = node.env.find(written.tree.name)
        if binding is not None and binding.kind == "param" and type(binding.value) is int:
            return written.tree.name if _is_said_once(template, written.tree.name) else None
    return None


def _is_said_once(template: Any, name: str) -> bool:
    document = template.home.document
    text = repr((document.nodes, document.blocks, document.let, document.inputs, document.outputs, document.init))
    return len(re.findall(rf"\b{name}\b", text)) == 1


def _initialised_by_width(node: Node) -> bool:
    """Whether a number in the layer's initialisers comes from its width."""
    arguments = [value for own in (node.init or {}).values() for _, value in own.arguments]
    if all(isinstance(value, str) for value in arguments):
        return False
    template: Any = node.template
    return bool(_BY_WIDTH.search(repr((template.home.document.init, template.init))))
