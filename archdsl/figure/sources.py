"""Which constants and parameters are drawn, as sources that arrows leave: what reads them takes them for its input.

Those are what attention compares and sums, as learned queries; parameters that are vectors and that a block is given
through a port, to be joined to what flows in it; and what a circle joins to several values. All others are told in the
words of what reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set

from archdsl.ir.graph import Graph, Node, Scope, ScopeKind, Value
from archdsl.ir.scopes import scopes_around, scopes_of
from archdsl.ops.base import Kind
from archdsl.ops.combine import Cat
from archdsl.ops.special import Formula, Parameter
from archdsl.words.titles import sign_of

Resolve = Callable[[Value], Value]


def drawn_sources(graph: Graph, static: Set[Node], resolve: Resolve) -> set[Node]:
    """The static nodes that are drawn although no input of the network reaches them."""
    found: set[Node] = set()
    for node in graph.nodes:
        if node.op.kind is Kind.ATTENTION and _is_reached(node, static, resolve):
            for value in _compared(node):
                found.update(_way_up(resolve(value), static, resolve))
        elif isinstance(node.op, Formula) and sign_of(node) is not None:
            found.update(_beside_others(node, static, resolve))
    for scope in scopes_of(graph.root):
        if scope.kind is ScopeKind.BLOCK:
            found.update(value.node for value in _joined_through(scope, resolve) if value.node in static)
    return found


def _beside_others(node: Node, static: Set[Node], resolve: Resolve) -> set[Node]:
    """What a circle joins to two values or more: it has no room for words."""
    read = {resolve(value).node for value in node.inputs if value is not None and value.weight is None}
    return read & static if len(read - static) > 1 else set()


def _compared(node: Node) -> Iterator[Value]:
    """What attention compares and sums: all but its masks."""
    for port, value in zip(node.op.ports, node.inputs, strict=False):
        if value is not None and port.name not in node.op.masking:
            yield value


def _is_reached(node: Node, static: Set[Node], resolve: Resolve) -> bool:
    """Whether something static is among what attention compares; a weight beside it is none of that."""
    return any(resolve(value).node in static for value in _compared(node))


def _way_up(value: Value, static: Set[Node], resolve: Resolve) -> Iterator[Node]:
    """The static nodes that a value flows through, up to the tensor that it begins as."""
    node: Node | None = value.node
    while node is not None and node in static:
        yield node
        given = [resolve(each) for each in node.inputs if each is not None]
        goes_on = given and node.op.kind is not Kind.EMBEDDING
        node = given[0].node if goes_on else None


def _joined_through(scope: Scope, resolve: Resolve) -> Iterable[Value]:
    """The vectors from outside, as parameters, that a block is given and joins by a formula or a concatenation."""
    given = [resolve(value) for value in scope.inputs.values() if value is not None]
    vectors = [value for value in given if isinstance(value.node.op, Parameter) and value.type.rank > 1]
    outside = [value for value in vectors if scope not in scopes_around(value.node)]
    if not outside:
        return
    read = {
        (value.node, value.output)
        for node in scope.nodes()
        if isinstance(node.op, Formula | Cat)
        for value in (resolve(each) for each in node.inputs if each is not None)
    }
    yield from (value for value in outside if (value.node, value.output) in read)
