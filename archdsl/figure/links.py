"""The links between a figure's boxes, from the edges between the nodes in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.figure.figure import Link, LinkRole
from archdsl.figure.flow import Flow, in_training_only, read_by
from archdsl.figure.portnames import PortNames
from archdsl.figure.repeats import RepeatTurn, places_in
from archdsl.ir.graph import Node, Scope, Value
from archdsl.ops.combine import Cat
from archdsl.words.titles import sign_of


@dataclass
class Places:
    """Which box every node is in."""

    box: dict[Node, str] = field(default_factory=dict)
    shown: dict[Node, Node] = field(default_factory=dict)
    """For a node of a copy that is not shown: the node of the shown one in its place."""
    copies: dict[Node, list[Node]] = field(default_factory=dict)
    """The other way round."""
    block: dict[Node, Scope] = field(default_factory=dict)
    """For the nodes in a card of blocks: the block that each is inside of."""
    turn: dict[Node, dict[int, int]] = field(default_factory=dict)
    """For the nodes of repeats that are opened: which turn of each repeat."""
    repeats: int = 0
    starts: dict[tuple[Node, int], str] = field(default_factory=dict)
    """Boxes for what enters the scope that is drawn: by a node outside of it and which of its outputs."""
    ends: list[tuple[Value, str]] = field(default_factory=list)
    """What leaves, and where to."""

    def add_turns(self, turns: Sequence[RepeatTurn]) -> None:
        """Of these turns the first one is shown."""
        first = places_in(turns[0])
        self.repeats += 1
        for index, turn in enumerate(turns):
            for key, node in places_in(turn).items():
                self.turn.setdefault(node, {})[self.repeats] = index
                if index and key in first:
                    self.shown[node] = first[key]
                    self.copies.setdefault(first[key], []).append(node)

    def all_of(self, node: Node) -> list[Node]:
        """A node and those that it stands for."""
        return [node, *(each for copy in self.copies.get(node, ()) for each in self.all_of(copy))]

    def same_turns(self, before: Node, after: Node) -> bool:
        """Whether no repeat that is opened comes to its next turn between the nodes."""
        there = self._turns(before)
        return all(there.get(repeat, index) == index for repeat, index in self._turns(after).items())

    def _turns(self, node: Node) -> dict[int, int]:
        """The turn of each repeat around a node; those inside of a copy are known by the shown one."""
        found = dict(self.turn.get(node, {}))
        while node in self.shown:
            node = self.shown[node]
            found = {**self.turn.get(node, {}), **found}
        return found

    def of(self, node: Node) -> str | None:
        """The box of the node, or of the node that stands for it."""
        while node in self.shown:
            node = self.shown[node]
        return self.box.get(node)

    def source(self, value: Value) -> str | None:
        """The box that a value comes from."""
        return self.of(value.node) or self.starts.get((value.node, value.output))


def find_links(flow: Flow, places: Places, titles: Mapping[str, str]) -> list[Link]:
    """A link for each pair of boxes of which one reads the other, in running order.

    A shape is said once, on the first link that carries it, and only where it changes. `titles` are those of
    boxes that are text alone, which say what enters or leaves.
    """
    found: dict[tuple[str, str], Link] = {}
    names = PortNames(flow, places.block)
    for value, reader, target in _edges(flow, places):
        origin = _origin(flow, places, value)
        source = places.source(origin)
        if source is not None and source != target and places.same_turns(origin.node, reader):
            ends = source, target
            _add(found, flow, value, ends, in_training_only(reader), _joins(flow, value, reader))
            names.add(ends, origin, value, reader)
    for end, target in places.ends:
        value = flow.resolve(end)
        origin = _origin(flow, places, value)
        source = places.source(origin)
        if source is not None and source != target:
            ends = source, target
            _add(found, flow, end, ends, in_training_only(value.node), False)
            names.add(ends, origin, value, None)
    entering: dict[str, set[str]] = {}
    for link in found.values():
        entering.setdefault(link.target, set()).add(link.label)
    said: set[tuple[str, str]] = set()
    links = []
    named = names.said(found.values(), titles)
    for each in found.values():
        link = replace(each, names=named[each.source, each.target])
        key = (link.source, link.label)
        new = key not in said and link.label not in entering.get(link.source, set())
        said.add(key)
        links.append(link if new else replace(link, label=""))
    return links


def _add(
    found: dict[tuple[str, str], Link],
    flow: Flow, value: Value, ends: tuple[str, str], dashed: bool, joined: bool,
) -> None:  # fmt: skip
    known = found.get(ends) or Link(*ends, LinkRole.BRANCH, flow.label(value), dashed=dashed, joins=True)
    found[ends] = replace(known, joins=known.joins and joined)


def _joins(flow: Flow, value: Value, node: Node) -> bool:
    """Whether a node sets a value beside others, or joins it to them by a sign, as it is."""
    if isinstance(node.op, Cat) or sign_of(node) is not None:
        return True
    terms = {term.name for term in _terms(getattr(node.op, "expression", None)) if hasattr(term, "name")}
    given = (flow.resolve(each) for place, each in enumerate(node.inputs) if each is not None and str(place) in terms)
    return any((each.node, each.output) == (value.node, value.output) for each in given)


def _terms(tree: Any) -> list[Any]:
    """The terms of a sum; of another formula, the formula."""
    if getattr(tree, "sign", None) not in ("+", "-") or not hasattr(tree, "left"):
        return [tree]
    return [*_terms(tree.left), *_terms(tree.right)]


def _edges(flow: Flow, places: Places) -> Iterator[tuple[Value, Node, str]]:
    """What moves from node to node, and the box of the second."""
    for node in flow.graph.nodes:
        if node in flow.static or (box := places.of(node)) is None:
            continue
        for given in read_by(node):
            value = flow.resolve(given)
            if value.weight is not None or value.node in flow.static:
                continue
            yield value, node, box


def _origin(flow: Flow, places: Places, value: Value) -> Value:
    """What is drawn of a value that was only carried since."""
    while places.source(value) is None and value.weight is None and flow.hides([value.node]):
        value = flow.carried(value)
    return value
