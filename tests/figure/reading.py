"""Reads a figure back: what its elements say, held against the graph.

It knows nothing of how figures are made: only the figures, the graph, and the words of single ops.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from archdsl.figure.elements import Element
from archdsl.figure.figure import Box, Figure, Panel, Style, nested
from archdsl.figure.flow import Flow
from archdsl.figure.projections import box_title
from archdsl.figure.saying import spelled_out
from archdsl.figure.sentences import sentence
from archdsl.figure.theme import Theme
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Item, Node, Scope, Value
from archdsl.ir.scopes import scopes_of
from archdsl.ops.divide import Parting
from archdsl.ops.rearrange import Rearrange
from archdsl.ops.reshape import Regroup, Reorder
from archdsl.ops.special import ScanLast
from archdsl.shapes import evaluate
from tests.figure.carrying import SAMPLES, only_carries
from tests.figure.counting import told
from tests.figure.hidden import Untruth, hidden_nodes, past, unnamed
from tests.figure.lines import says
from tests.figure.seeing import Part, ends, plain

VIEWS = (Regroup, Reorder, Rearrange)
DASHED = "\N{NO-BREAK SPACE}where\N{NO-BREAK SPACE}dashed"
"""Of what an op does in those copies alone that have all parts."""
ABREAST = "side\N{NO-BREAK SPACE}by\N{NO-BREAK SPACE}side"
AUXILIARY = (Style.FORK, Style.TRACK, Style.HEADER, Style.LOOP)
"""Boxes that links only pass through."""
_CARRY: dict[tuple[Any, ...], bool] = {}
"""By ops in a row and what they are given: whether they only carry."""


class Reading:
    """One figure of a graph's sheet, beside the graph."""

    def __init__(self, graph: Graph, figure: Figure, scope: Scope | None = None) -> None:
        self.graph = graph
        self.figure = figure
        self.scope = scope or graph.root
        self.nodes = list(self.scope.nodes())
        self._inside = set(self.nodes)
        self._items: dict[str, Item] = {node.path: node for node in [*graph.inputs.values(), *graph.nodes]}
        self._items |= {each.path: each for each in scopes_of(graph.root)}

    # --- who moves --------------------------------------------------------------------------------

    @cached_property
    def carried(self) -> set[Node]:
        """The nodes that only hand on what they are given, and those without a box that only lay it out otherwise."""
        found = {node for node in self.graph.nodes if node.op.is_idle() and len(_given(node)) == 1}
        silent = [node for node in self.graph.nodes if node not in found and isinstance(node.op, (*VIEWS, Parting))]
        return found.union(node for node in silent if node not in self.fixed and self.is_hidden(node))

    def is_hidden(self, node: Node) -> bool:
        """Whether a node has no box and only carries, with those before it that have none."""
        if not isinstance(node.op, (*VIEWS, Parting)) or self.box(node) is not None:
            return False
        if isinstance(node.op, Parting):
            return len(node.types) <= len(set(self._ends(node))) and len({end for end, _ in self._ends(node)}) == 1
        row = [node]
        while isinstance((before := _given(row[0])[0].node).op, VIEWS) and self.box(before) is None:
            row.insert(0, before)
        key = (_given(row[0])[0].type, *(each.op for each in row))
        if key not in _CARRY:
            _CARRY[key] = only_carries(row, self.graph.sample_sizes | dict.fromkeys(self.graph.batch, SAMPLES))
        return _CARRY[key]

    def _ends(self, node: Node) -> list[tuple[Node | None, int]]:
        """Who reads a node, by way of those that have no box, and through which port."""
        ends: list[tuple[Node | None, int]] = [(None, 0)] * any(out.node is node for out in self.graph.outputs.values())
        for reader in dict.fromkeys(self._readers.get(node, [])):
            own = [place for place, value in enumerate(reader.inputs) if value is not None and value.node is node]
            if reader.op.is_idle() or (isinstance(reader.op, VIEWS) and self.box(reader) is None):
                ends += self._ends(reader)
            elif any(port.variadic for port in reader.op.ports):
                ends.append((None, 0))
            else:
                ends += [(reader, place) for place in own]
        return ends

    @cached_property
    def hidden(self) -> dict[Node, Value | None]:
        """The nodes that the figure says it does not draw, each with what is read in its place."""
        return hidden_nodes((set(self._below(path)) for path in self.figure.hidden), self.fixed, self.carried, _given)

    @cached_property
    def fixed(self) -> set[Node]:
        """Constants, parameters and what is computed of them alone, but for those that are drawn as sources."""
        found: set[Node] = set()
        for node in self.graph.nodes:
            sources = [value for value in _given(node) if value.weight is None and value.node not in found]
            if not sources and node.op.name != "scan_carry" and node not in self._flow.drawn:
                found.add(node)
        return found

    @cached_property
    def moving(self) -> list[Node]:
        left_out = self.fixed | self.carried | self.hidden.keys()
        return [node for node in self.nodes if node not in left_out]

    def resolved(self, value: Value) -> Value:
        return past(value, self.carried, self.hidden, _given)

    # --- where things stand -----------------------------------------------------------------------

    @cached_property
    def _parts(self) -> dict[str, Box | Panel]:
        """By path what stands for it, the innermost last."""
        found: dict[str, Box | Panel] = {}
        for item, _ in nested(self.figure.items):
            found.update(dict.fromkeys(item.holds, item))
        return found

    @cached_property
    def _turns(self) -> dict[str, str]:
        """For the path of a copy that is not shown, that of the one that is."""
        found: dict[str, str] = {}
        for item, _ in nested(self.figure.items):
            if isinstance(item, Panel) and item.header.times > 1:
                first, *others = Part(item, item.holds, item.header.times).turns()
                for turn in others:
                    found.update(zip(turn, first, strict=True))
        return found

    def shown(self, path: str) -> str:
        """The path of what is shown in a node's place."""
        names = path.split(".")
        for stop in range(1, len(names) + 1):
            start = ".".join(names[:stop])
            if start in self._turns:
                names[:stop] = self._turns[start].split(".")
                return self.shown(".".join(names))
        return path

    def _next(self, before: Node, after: Node) -> bool:
        """Whether what joins the two goes from one turn of an opened repeat to the next, which ×N says."""
        mine, theirs = self._places(before.path), self._places(after.path)
        return any(mine[panel] != theirs[panel] for panel in mine.keys() & theirs.keys())

    def _places(self, path: str) -> dict[str, int]:
        """By panel in which of its turns a path is."""
        found: dict[str, int] = {}
        names = path.split(".")
        for stop in range(1, len(names) + 1):
            start = ".".join(names[:stop])
            found.update(self._numbers.get(start, {}))
            if start in self._turns:
                names[:stop] = self._turns[start].split(".")
                return self._places(".".join(names)) | found
        return found

    @cached_property
    def _numbers(self) -> dict[str, dict[str, int]]:
        """By path the turn that it begins, of each panel."""
        found: dict[str, dict[str, int]] = {}
        for item, _ in nested(self.figure.items):
            if isinstance(item, Panel) and item.header.times > 1:
                for index, turn in enumerate(Part(item, item.holds, item.header.times).turns()):
                    for path in turn:
                        found.setdefault(path, {})[item.name] = index
        return found

    def holder(self, node: Node) -> Box | Panel | None:
        """The innermost element that stands for a node."""
        path = self.shown(node.path)
        while path:
            if path in self._parts:
                return self._parts[path]
            path = path.rpartition(".")[0]
        return None

    def box(self, node: Node) -> str | None:
        holder = self.holder(node)
        return holder.name if isinstance(holder, Box) else None

    # --- what is untrue ---------------------------------------------------------------------------

    def untruths(self) -> Iterator[Untruth]:
        for kind, place, said in (
            *self._lost(), *self._unlinked(), *self._linked(), *self._leaking(), *self._unequal(),
            *self._miscounted(), *self._misnumbered(),
        ):  # fmt: skip
            yield Untruth(kind, self.figure.name, place, said)

    def _lost(self) -> Iterator[tuple[str, str, str]]:
        for node in self.moving:
            is_shown = self.shown(node.path) == node.path  # what only another copy has is not
            if self.holder(node) is None or (is_shown and self.box(node) is None):
                yield "lost", node.path, ""

    @cached_property
    def _ways(self) -> dict[str, set[str]]:
        """By box the boxes that its links lead to, through dots and headers."""
        after: dict[str, list[str]] = {}
        for link in self.figure.links:
            after.setdefault(link.source, []).append(link.target)
        aside = {box.name for box in self.figure.boxes() if box.style in AUXILIARY}
        return {name: ends(name, after, aside) for name in after.keys() - aside}

    @cached_property
    def edges(self) -> set[tuple[str, str]]:
        """The pairs of boxes of which one reads the other."""
        pairs = ((self.resolved(value), node) for node in self.moving for value in _given(node))
        moving = ((value, node) for value, node in pairs if value.weight is None and value.node not in self.fixed)
        found = {self._edge(value, node) for value, node in moving if not self._next(value.node, node)}
        return {(source, target) for source, target in found if source is not None and target and source != target}

    def _edge(self, value: Value, node: Node) -> tuple[str | None, str | None]:
        """The boxes of a value and of who reads it; the first is empty for a value from outside of the scope."""
        target = self.box(node)
        if self.scope is not self.graph.root and value.node not in self._inside:
            return (None if target in self._borders else ""), target
        return self._inputs.get(value.node) or self.box(value.node), target

    @cached_property
    def _inputs(self) -> dict[Node, str]:
        return {node: f"input\xa0{name}" for name, node in self.graph.inputs.items()}

    @cached_property
    def _borders(self) -> set[str]:
        """Boxes at which values come into the scope's own loop: nothing needs to lead to them."""
        return {box.name for box in self.figure.boxes() if box.style is Style.PORT and box.holds}

    @cached_property
    def _starts(self) -> set[str]:
        """The borders that a value from outside comes to: the first step is given it."""
        own = (node for node in self.nodes if self.box(node) in self._borders)
        return {str(self.box(node)) for node in own if any(value.node not in self._inside for value in _given(node))}

    def _unlinked(self) -> Iterator[tuple[str, str, str]]:
        ports = {box.name for box in self.figure.boxes() if box.style is Style.PORT and not box.holds}
        for source, target in self.edges:
            sources = ports if source == "" else {source}
            if not any(target in self._ways.get(each, ()) for each in sources):
                yield "unlinked", f"{source} -> {target}", ""

    def _linked(self) -> Iterator[tuple[str, str, str]]:
        ports = {box.name for box in self.figure.boxes() if box.style is Style.PORT and not box.holds}
        for source, targets in self._ways.items():
            for target in targets:
                if target in ports or source == target:
                    continue
                wanted = (source, target) if self.scope is self.graph.root or source not in ports else ("", target)
                is_start = wanted[0] == "" and target in self._starts
                if wanted not in self.edges and not is_start:
                    yield "no edge", f"{source} -> {target}", ""

    def _miscounted(self) -> Iterator[tuple[str, str, str]]:
        for item, _ in nested(self.figure.items):
            box = item if isinstance(item, Box) else item.header
            if not box.counts or not item.holds:
                continue
            nodes = {node for path in item.holds for node in self._below(path)}
            nodes |= {node for node in self._loose if self._reader(node) in nodes}
            counted, most = self._counted(nodes), self._counted(nodes | self._unread)
            for what, (said, rounding) in told(box.counts).items():
                if not counted[what] - rounding * 1.0001 <= said <= most[what] + rounding * 1.0001:
                    yield "miscounted", item.name, f"{box.counts}, {counted[what]} {what}"

    def _counted(self, nodes: Iterable[Node]) -> dict[str, int]:
        found = list(nodes)
        return {"params": sum(node.parameters for node in found), "MACs": sum(map(self._macs, found))}

    @cached_property
    def _unread(self) -> set[Node]:
        """The fixed nodes that nothing which moves reads: they count with any that reads them."""
        return {node for node in self.fixed if self._reader(node) is None}

    def _misnumbered(self) -> Iterator[tuple[str, str, str]]:
        """Cards whose line is not what every copy says of itself, and boxes whose words are one copy's alone."""
        for item, around in nested(self.figure.items):
            if isinstance(item, Box) and item.style is Style.CARD and item.holds:
                yield from self._miswritten(item)
            if isinstance(item, Box) and item.style is Style.OP and around:
                yield from self._unlike(item, around)

    def _miswritten(self, box: Box) -> Iterator[tuple[str, str, str]]:
        """A card of copies of one block: its line, against the line of each alone; one with fields is of its ops."""
        if box.fields:
            return
        scopes = [self._items[path] for path in box.holds]
        is_repeat = box.times > 1 or "blocks" in box.aside
        if not is_repeat or len({getattr(each, "block", None) or each.name for each in scopes}) > 1:
            return
        lines = [self._line(each) for each in scopes if isinstance(each, Scope)]
        said = box.lines[0] if box.lines else ""
        for turn, line in enumerate(lines):
            if line and not says(said, line, turn, box.aside):
                yield "misnumbered" if said else "numberless", box.name, f"{said} | {turn}: {line} | {box.aside}"
                return

    def _line(self, scope: Scope) -> str:
        nodes = tuple(scope.nodes())
        return spelled_out(sentence(self._flow, Element(nodes, tuple(self._flow.moving(nodes)), scope, True)))

    def _unlike(self, box: Box, around: Sequence[Panel]) -> Iterator[tuple[str, str, str]]:
        """A box in opened repeats: its words, against each op that it stands for."""
        path, *_ = box.holds
        node = self._items[path]
        if any("first of" in plain(each.header.aside) for each in around):
            return  # of very different copies the first is shown, and the panel says so
        if not isinstance(node, Node) or (len(box.holds) > 1 and box_title(self._flow, node).name != unnamed(box)[0]):
            return
        for node in self._copies.get(path, []):
            title = box_title(self._flow, node)
            name, said = unnamed(box)
            with_more, without = said.removesuffix(DASHED), re.sub(rf",\s[^,|]*{DASHED}$", "", said)
            line = f"{title.name}|{title.fields}"
            turn = int(node.path != path)
            if not any(says(f"{name}|{fields}", line, turn, "") for fields in (with_more, without)):
                yield "unlike", box.name, f"{box.title} {box.fields} | {node.path}: {title.text}"
                return

    def _leaking(self) -> Iterator[tuple[str, str, str]]:
        """What leaves the box of several ops one after another, and is not what the last of them makes."""
        last: dict[str, Node] = {}
        for item, around in nested(self.figure.items):
            if isinstance(item, Box) and item.style is Style.OP and around and ABREAST not in item.lines:
                held = {node for path in item.holds for node in self._below(path)}
                last[item.name] = max(held - self.hidden.keys() or held, key=self._flow.order.__getitem__)
        for node in self.moving:
            for value in map(self.resolved, _given(node)):
                box = self.box(value.node) if self.shown(value.node.path) == value.node.path else None
                if box in last and box != self.box(node) and value.node is not last[box]:
                    yield "leaking", box, f"{value.node.path} -> {node.path}"

    def _unequal(self) -> Iterator[tuple[str, str, str]]:
        """Boxes of ways side by side that do not go from one value to one node, or of which there is another number."""
        for box in self.figure.boxes():
            if ABREAST not in box.lines or not (said := re.match(r"(\d+)\s×\s", box.title)):
                continue
            held = [node for path in box.holds for node in self._below(path) if node in set(self.moving)]
            read = {node: {self.resolved(value).node for value in _given(node)} for node in self.moving}
            given = set().union(*(read[node] for node in held)) - {*held, *self.fixed}
            ends = set(held).difference(*(read[node] for node in held))
            joins = {node for node in self.moving if node not in held and not read[node].isdisjoint(ends)}
            if len(given) != 1 or len(joins) > 1 or len(ends) != int(said[1]):
                yield "unequal", box.name, f"{len(given)} from, {len(ends)} ways, {len(joins)} to"

    @cached_property
    def _copies(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.moving:
            found.setdefault(self.shown(node.path), []).append(node)
        return found

    @cached_property
    def _flow(self) -> Flow:
        return Flow(self.graph, view=View(theme=Theme(hide=self.figure.hidden)))

    @cached_property
    def _loose(self) -> set[Node]:
        """The fixed nodes that no box holds: they count with what reads them."""
        return {node for node in self.fixed if not isinstance(self.holder(node), Box)}

    def _reader(self, node: Node) -> Node | None:
        """The first moving node of the figure's scope that reads what a fixed one makes."""
        behind = self._behind(node, set())
        return next((each for each in behind if each in self._inside and each not in self.fixed), None)

    def _behind(self, node: Node, met: set[Node]) -> Iterator[Node]:
        """The nodes that read what this one makes, by way of fixed ones."""
        met.add(node)
        yield node
        for each in dict.fromkeys(self._readers.get(node, [])) if node in self.fixed else ():
            if each not in met:
                yield from self._behind(each, met)

    @cached_property
    def _readers(self) -> dict[Node, list[Node]]:
        found: dict[Node, list[Node]] = {}
        for node in self.graph.nodes:
            for value in _given(node):
                found.setdefault(value.node, []).append(node)
        return found

    def _below(self, path: str) -> Sequence[Node]:
        item = self._items[path]
        return [item] if isinstance(item, Node) else list(item.nodes())

    def _macs(self, node: Node) -> int:
        return evaluate(node.macs, self.graph.counted_sizes)


def _given(node: Node) -> list[Value]:
    given = node.inputs[:1] if isinstance(node.op, ScanLast) else node.inputs
    return [value for value in given if value is not None]
