"""The graph for networkx."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import networkx

    from archdsl.ir.graph import Graph


def to_networkx(graph: Graph) -> networkx.MultiDiGraph[str]:
    """Nodes are paths; attributes `op`, `fields`, `shape`, `scope`."""
    from networkx import MultiDiGraph

    view: MultiDiGraph[str] = MultiDiGraph(name=graph.name)
    for node in (*graph.inputs.values(), *graph.nodes):
        shape = str(node.types[0]) if node.types else ""
        scope = node.scope.path if node.scope is not None else ""
        view.add_node(node.path, op=node.op.name, fields=node.fields, shape=shape, scope=scope)
    for source, target, port in graph.edges:
        view.add_edge(source.node.path, target.path, key=port, port=port, shape=str(source.type))
    return view
