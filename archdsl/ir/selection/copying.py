"""A graph once more, without some of its nodes: the first stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import final

from archdsl.ir.graph import Graph, Node, Scope, SizeCheck, Value
from archdsl.ir.scopes import scopes_of


@final
class Copying:
    """New nodes, scopes and values for those of a graph that are kept.

    A scope of which nothing is kept is no scope of the copy, and what was read or given by a node that is not kept is
    read and given no more.
    """

    def __init__(self, graph: Graph, kept: set[Node]) -> None:
        self.graph = graph
        self.kept = kept
        self.nodes: dict[Node, Node] = {}
        self._values: dict[Value, Value] = {}
        self.scopes = {scope: replace(scope, children={}) for scope in scopes_of(graph.root)}
        for node in (*graph.inputs.values(), *graph.nodes):
            if node in kept:
                self.nodes[node] = self._node(node)
        for scope in reversed([*self.scopes]):
            self._link(scope)

    def value(self, value: Value) -> Value:
        """The copy's value; one that is read in several places stays one."""
        if value not in self._values:
            self._values[value] = replace(value, node=self.nodes[value.node])
        return self._values[value]

    def graph_of(self, outputs: dict[str, Value]) -> Graph:
        """The copy, with these values of the first as outputs."""
        root = self.scopes[self.graph.root]
        root.outputs = {name: self.value(value) for name, value in outputs.items()}
        root.features = dict(root.outputs)
        return replace(
            self.graph,
            root=root,
            inputs={name: self.nodes[node] for name, node in self.graph.inputs.items() if node in self.kept},
            nodes=[self.nodes[node] for node in self.graph.nodes if node in self.kept],
            outputs=dict(root.outputs),
            output_modes={name: mode for name, value in outputs.items() if (mode := value.node.when) is not None},
        )

    def _node(self, node: Node) -> Node:
        return replace(
            node,
            scope=node.scope and self.scopes[node.scope],
            inputs=tuple(value and self.value(value) for value in node.inputs),
            share=node.share and self.nodes[node.share],
            tie={name: self.value(value) for name, value in node.tie.items()},
        )

    def _link(self, scope: Scope) -> None:
        """Gives a copied scope what it holds, reads and gives; the scopes in it have been given theirs."""
        made = self.scopes[scope]
        for name, child in scope.children.items():
            if isinstance(child, Scope):
                if self.scopes[child].children:
                    made.children[name] = self.scopes[child]
            elif child in self.nodes:
                made.children[name] = self.nodes[child]
        made.scope = scope.scope and self.scopes[scope.scope]
        made.share = scope.share and self.scopes[scope.share]
        made.inputs = {port: self._left(value) for port, value in scope.inputs.items()}
        made.outputs = {name: self.value(value) for name, value in scope.outputs.items() if value.node in self.kept}
        made.features = {name: self.value(value) for name, value in scope.features.items() if value.node in self.kept}
        made.checks = [SizeCheck(self.value(e.value), *e[1:]) for e in scope.checks if e.value.node in self.kept]

    def _left(self, value: Value | None) -> Value | None:
        return None if value is None or value.node not in self.kept else self.value(value)
