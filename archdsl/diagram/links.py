"""The links between a figure's boxes, from the edges between the nodes in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archdsl.diagram.figure import Link, Role
from archdsl.diagram.flow import Flow, in_training_only
from archdsl.diagram.quantities import shape_text
from archdsl.diagram.repeats import Turn, relative_nodes
from archdsl.graph import Node, Value


@dataclass
class Places:
    """Which box every node is in."""

    box: dict[Node, str] = field(default_factory=dict)
    shown: dict[Node, Node] = field(default_factory=dict)
    """For a node of a copy that is not shown: the node of the shown one in its place."""
    turn: dict[Node, tuple[int, int]] = field(default_factory=dict)
    """For the nodes of a repeat that is opened: which repeat, and which turn of it."""
    starts: dict[Node, str] = field(default_factory=dict)
    """Boxes for nodes outside of the scope that is drawn."""
    ends: list[tuple[Value, str]] = field(default_factory=list)
    """What leaves, and where to."""

    def put(self, node: Node, name: str) -> None:
        """The node is in this box."""
        self.box[node] = name

    def add_turns(self, turns: Sequence[Turn]) -> None:
        """Of these turns the first one is shown."""
        first = self._relative(turns[0])
        repeat = len(self.turn)
        for index, turn in enumerate(turns):
            for key, node in self._relative(turn).items():
                self.turn.setdefault(node, (repeat, index))
                if index and key in first:
                    self.shown[node] = first[key]

    def of(self, node: Node) -> str | None:
        """The box of the node, or of the node that stands for it."""
        while node in self.shown:
            node = self.shown[node]
        return self.box.get(node) or self.starts.get(node)

    @staticmethod
    def _relative(turn: Turn) -> dict[tuple[int, str], Node]:
        return {
            (position, path): node
            for position, element in enumerate(turn)
            for path, node in relative_nodes(element)
        }


@dataclass
class _Found:
    source: str
    target: str
    value: Value
    dashed: bool


def find_links(flow: Flow, places: Places) -> list[Link]:
    """A link for each pair of boxes of which one reads the other, in running order."""
    found: dict[tuple[str, str], _Found] = {}
    for value, reader in _edges(flow, places):
        source, target = places.of(value.node), places.of(reader)
        if source is not None and target is not None and source != target:
            found.setdefault((source, target), _Found(source, target, value, in_training_only(reader)))
    for value, name in places.ends:
        source = places.of(value.node)
        if source is not None:
            found.setdefault((source, name), _Found(source, name, value, in_training_only(value.node)))
    return list(_links(flow, list(found.values())))


def _edges(flow: Flow, places: Places) -> Iterable[tuple[Value, Node]]:
    for node in flow.graph.nodes:
        for value in node.inputs:
            if value is None or value.weight is not None or value.node in flow.static:
                continue
            before, after = places.turn.get(value.node), places.turn.get(node)
            if before is None or after is None or before[0] != after[0] or before[1] == after[1]:
                yield value, node


def _links(flow: Flow, found: Sequence[_Found]) -> Iterable[Link]:
    sources: dict[str, list[str]] = {}
    for each in found:
        sources.setdefault(each.target, []).append(each.source)
    bypassed = _bypassed(sources)
    spine = _spine(found, bypassed)
    shapes = {id(each): shape_text(each.value.type.shape, flow.sizes, flow.batch) for each in found}
    entering: dict[str, set[str]] = {}
    for each in found:
        entering.setdefault(each.target, set()).add(shapes[id(each)])
    said: set[tuple[str, str]] = set()
    for each in found:
        pair = (each.source, each.target)
        role = Role.SKIP if pair in bypassed else Role.SPINE if pair in spine else Role.BRANCH
        text = shapes[id(each)]
        repeated = text in entering.get(each.source, set()) or (each.source, text) in said
        if role is not Role.SKIP:
            said.add((each.source, text))
        label = "" if repeated or role is Role.SKIP else text
        yield Link(each.source, each.target, role, label, each.dashed)


def _bypassed(sources: dict[str, list[str]]) -> set[tuple[str, str]]:
    """The pairs that are also joined by way of other boxes."""
    above: dict[str, set[str]] = {}

    def ancestors(name: str) -> set[str]:
        stack = [name]
        while stack:
            top = stack[-1]
            waiting = [source for source in sources.get(top, []) if source not in above]
            if waiting:
                stack += waiting
                continue
            stack.pop()
            above[top] = set().union(*(above[s] | {s} for s in sources.get(top, [])))
        return above[name]

    for name in sources:
        ancestors(name)
    return {
        (source, target)
        for target, found in sources.items()
        for source in found
        if any(source in above[other] for other in found if other != source)
    }


def _spine(found: Sequence[_Found], bypassed: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """One way in and one way out of each box that hold the column: the first that is no skip."""
    outgoing: set[str] = set()
    incoming: set[str] = set()
    chosen = set()
    for each in found:
        pair = (each.source, each.target)
        if pair in bypassed or each.source in outgoing or each.target in incoming or each.dashed:
            continue
        outgoing.add(each.source)
        incoming.add(each.target)
        chosen.add(pair)
    return chosen
