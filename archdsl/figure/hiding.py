"""What a theme hides is not drawn: who reads it reads what goes into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from archdsl.figure.errors import DrawingError
from archdsl.ir.graph import Graph, Item, Node, Scope, Value
from archdsl.ops.special import SCAN
from archdsl.text.spelled import quoted

if TYPE_CHECKING:
    from archdsl.figure.flow import Flow

HINT = "links run through what is hidden: one value must go in, and one come out; a `group` is drawn as one card"


def item_at(graph: Graph, path: str) -> Item | None:
    """The node or scope at a path."""
    found: Item | None = graph.root
    for name in path.split("."):
        found = found.children.get(name) if isinstance(found, Scope) else None
    return found


def nodes_at(graph: Graph, path: str) -> list[Node]:
    """All nodes at a path; none where nothing is there."""
    found = item_at(graph, path)
    return [found] if isinstance(found, Node) else list(found.nodes()) if isinstance(found, Scope) else []


def hidden_in(flow: Flow, paths: Iterable[str]) -> dict[Node, Value]:
    """The nodes at these paths, each with what is read in its place. Raises DrawingError where there is none."""
    found: dict[Node, Value] = {}
    for path in paths:
        nodes = nodes_at(flow.graph, path)
        moving = flow.moving(nodes)
        if moving:
            found.update(dict.fromkeys(moving, _way_through(flow, path, moving)))
    return found


def _way_through(flow: Flow, path: str, moving: Sequence[Node]) -> Value:
    """The one value that goes into what is at a path, where one comes out that is made of it."""
    own = set(moving)
    read = (flow.resolve(value) for node in moving for value in node.inputs if value is not None)
    entering = {(value.node, value.output): value for value in read if flow.moves(value) and value.node not in own}
    leaving = _leaving(flow, own)
    if len(moving) == 1 and isinstance(moving[0].op, SCAN):
        raise DrawingError(f"`{path}` cannot be hidden: it belongs to a loop over time", "hide the loop, or draw it")
    if len(entering) != 1:
        raise DrawingError(f"`{path}` cannot be hidden: {_said(entering.values())} into it", HINT)
    if len(leaving) != 1:
        raise DrawingError(f"`{path}` cannot be hidden: {_said(leaving, 'come')} out of it", HINT)
    (value,) = entering.values()
    if not _reaches(flow, value.node, leaving[0].node, own):
        raise DrawingError(f"`{path}` cannot be hidden: what comes out is not made of what goes in", HINT)
    return value


def _leaving(flow: Flow, own: set[Node]) -> list[Value]:
    """The values of these nodes that others read, or that leave the network, each once."""
    readers = dict.fromkeys(reader for node in own for reader in flow.readers[node] if reader not in own)
    read = [value for reader in readers for value in reader.inputs if value is not None]
    resolved = [flow.resolve(value) for value in (*read, *flow.graph.outputs.values())]
    found = {(value.node, value.output): value for value in resolved if value.node in own and value.weight is None}
    return list(found.values())


def _said(values: Iterable[Value], verb: str = "go") -> str:
    """`2 values, `a` and `b`, go`."""
    paths = list(dict.fromkeys(value.node.path for value in values))
    if not paths:
        return "nothing goes" if verb == "go" else "nothing comes"
    some = quoted(paths[:3]) + (", …" if len(paths) > 3 else "")
    return f"{len(paths)} values {verb} ({some})" if len(paths) > 1 else f"several outputs of {some} {verb}"


def _reaches(flow: Flow, source: Node, target: Node, inside: set[Node]) -> bool:
    """Whether a node is made of another by way of these alone."""
    waiting, met = [target], {target}
    while waiting:
        for before in flow.sources[waiting.pop()]:
            if before is source:
                return True
            if before in inside and before not in met:
                met.add(before)
                waiting.append(before)
    return False
