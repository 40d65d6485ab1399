"""The network's own parameters that its class can take as arguments: `Net(num_classes=10)`.

Only those that nothing else depends on: read in one place of the file, as the bare width of a layer whose
value is an output and is read by nobody.
"""

from __future__ import annotations

from typing import Final

from archdsl.expressions.tree import Name
from archdsl.ir.graph import Graph, Node

WIDTHS: Final = ("out_features", "out_channels")
_BY_WIDTH: Final = frozenset((*WIDTHS, "fan_out"))
"""What an initialiser reads of a layer's width."""


def free_parameters(graph: Graph) -> frozenset[str]:
    """The parameters that may change without the rest of the source being wrong."""
    read = {value.node for node in graph.nodes for value in node.inputs if value is not None}
    read |= {value.node for node in graph.nodes for value in node.tie.values()}
    read |= {node.share for node in graph.nodes if node.share is not None}
    last = {value.node for value in graph.outputs.values()} - read
    others = {node.site for node in graph.nodes if node not in last}
    ends = (node for node in last if node.site not in others)
    return frozenset(name for node in ends if (name := _width(graph, node)) is not None)


def _width(graph: Graph, node: Node) -> str | None:
    """The parameter that is the node's width, and that the file reads nowhere else."""
    if node.tie or node.site is None or any(own.reads & _BY_WIDTH for own in (node.init or {}).values()):
        return None
    for field in WIDTHS:
        written = node.site.fields.get(field)
        if written is None or not isinstance(written.tree, Name):
            continue
        name = written.tree.name
        binding = node.env.find(name)
        if binding is not None and binding.kind == "param" and type(binding.value) is int:
            own = binding is graph.root.env.find(name)
            return name if own and graph.reads.get(name) == 1 else None
    return None
