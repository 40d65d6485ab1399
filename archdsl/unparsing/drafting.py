"""Graph -> draft: nodes in the scopes that they are written in, loops over time taken apart."""

from __future__ import annotations

from archdsl.ir.graph import Graph, Item, Node, Scope, ScopeKind
from archdsl.ops.special import SCAN, ScanCarry, ScanLast, ScanSlice, ScanStack
from archdsl.unparsing.draft import DraftLoop, DraftNode, DraftScope, meant


def drafted(graph: Graph) -> DraftScope:
    """The network as it is written with nothing folded."""
    root = DraftScope("", None, graph.root)
    known = {graph.root: root}
    for node in graph.nodes:
        holder, name = _placed(node, known)
        if isinstance(node.op, SCAN):
            _cross(node, holder)
        else:
            holder.children.append(DraftNode(name, holder, node))
    for scope in [*known.values()]:
        if scope.item.share is not None:
            scope.shares = known[scope.item.share]
    return root


def _placed(item: Item, known: dict[Scope, DraftScope]) -> tuple[DraftScope, str]:
    """The scope that an item is written in, made on first use, and its name there."""
    assert item.scope is not None
    names, scope = [item.name], item.scope
    while scope.kind is ScopeKind.CONTAINER:
        assert scope.scope is not None
        names.append(scope.name)
        scope = scope.scope
    name = ".".join(reversed(names))
    if scope not in known:
        holder, own = _placed(scope, known)
        known[scope] = made = DraftScope(own, holder, scope)
        holder.children.append(made)
        if scope.scan is not None:
            made.loop = DraftLoop()
    return known[scope], name


def _cross(node: Node, scope: DraftScope) -> None:
    """Where a value comes into a loop over time, or goes."""
    loop, name = scope.loop, node.name.rpartition("[")[0]
    value, own = node.inputs[0], next(iter(DraftNode(node.name, scope, node).outputs()))
    assert loop is not None and value is not None
    if isinstance(node.op, ScanSlice):
        loop.over[name], loop.dim = meant(value), node.op.dim
        loop.inside[own] = name
    elif isinstance(node.op, ScanCarry):
        loop.carry[name] = meant(value)
        loop.inside[own] = name
    elif isinstance(node.op, ScanStack):
        loop.collect[name], loop.dim = meant(value), node.op.dim
        loop.outputs[name] = own
    elif isinstance(node.op, ScanLast):
        loop.carried[name] = meant(value)
        loop.outputs[name] = own
