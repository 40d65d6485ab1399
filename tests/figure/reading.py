"""Reads a figure back: what its elements say, held against the graph.

It knows nothing of how figures are made: only the figures, the graph, and the words of single ops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from archdsl.figure.elements import Element
from archdsl.figure.figure import Box, Figure, Panel, Style, nested
from archdsl.figure.flow import Flow
from archdsl.figure.projections import box_title
from archdsl.figure.saying import spelled_out
from archdsl.figure.sentences import sentence
from archdsl.ir.graph import Graph, Item, Node, Scope, Value
from archdsl.ir.scopes import scopes_of
from archdsl.ops.special import ScanLast
from archdsl.shapes import evaluate
from tests.figure.counting import told
from tests.figure.seeing import plain

DASHED = "\N{NO-BREAK SPACE}where\N{NO-BREAK SPACE}dashed"
"""Of what an op does in those copies alone that have all parts."""
AUXILIARY = (Style.FORK, Style.TRACK, Style.HEADER, Style.LOOP)
"""Boxes that links only pass through."""


class Untruth(NamedTuple):
    """What a figure says and the graph does not, or the other way round."""

    kind: str
    figure: str
    place: str
    said: str = ""


@dataclass(frozen=True)
class Part:
    """What one element of a figure stands for: `turns` copies of some items."""

    element: Box | Panel
    held: tuple[str, ...]
    times: int

    def turns(self) -> list[tuple[str, ...]]:
        """The paths of each copy."""
        each = len(self.held) // self.times
        return [self.held[start : start + each] for start in range(0, len(self.held), each)]


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
        """The nodes that only hand on what they are given."""
        return {node for node in self.graph.nodes if node.op.is_idle() and len(_given(node)) == 1}

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
        return [node for node in self.nodes if node not in self.fixed and node not in self.carried]

    def resolved(self, value: Value) -> Value:
        while value.node in self.carried:
            value = _given(value.node)[0]
        return value

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
            *self._lost(), *self._unlinked(), *self._linked(), *self._miscounted(), *self._misnumbered(),
        ):  # fmt: skip
            yield Untruth(kind, self.figure.name, place, said)

    def _lost(self) -> Iterator[tuple[str, str, str]]:
        for node in self.moving:
            if self.holder(node) is None:
                yield "lost", node.path, ""

    @cached_property
    def _ways(self) -> dict[str, set[str]]:
        """By box the boxes that its links lead to, through dots and headers."""
        after: dict[str, list[str]] = {}
        for link in self.figure.links:
            after.setdefault(link.source, []).append(link.target)
        aside = {box.name for box in self.figure.boxes() if box.style in AUXILIARY}
        return {name: _ends(name, after, aside) for name in after.keys() - aside}

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
        """Boxes at which values come into the scope's own loop: nothing leads to them."""
        return {box.name for box in self.figure.boxes() if box.style is Style.PORT and box.holds}

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
                if wanted not in self.edges:
                    yield "no edge", f"{source} -> {target}", ""

    def _miscounted(self) -> Iterator[tuple[str, str, str]]:
        for item, _ in nested(self.figure.items):
            box = item if isinstance(item, Box) else item.header
            if not box.counts or not item.holds:
                continue
            nodes = {node for path in item.holds for node in self._below(path)}
            nodes |= {node for node in self._loose if self._reader(node) in nodes}
            counted = {"params": sum(node.parameters for node in nodes), "MACs": sum(map(self._macs, nodes))}
            for what, (said, rounding) in told(box.counts).items():
                if abs(said - counted[what]) > rounding * 1.0001:
                    yield "miscounted", item.name, f"{box.counts}, {counted[what]} {what}"

    def _misnumbered(self) -> Iterator[tuple[str, str, str]]:
        """Cards whose line is not what every copy says of itself, and boxes whose words are one copy's alone."""
        for item, around in nested(self.figure.items):
            if isinstance(item, Box) and item.style is Style.CARD and item.holds:
                yield from self._miswritten(item)
            if isinstance(item, Box) and item.style is Style.OP and len(item.holds) == 1 and around:
                yield from self._unlike(item, around)

    def _miswritten(self, box: Box) -> Iterator[tuple[str, str, str]]:
        """A card of copies of one block: its line, against the line of each alone."""
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
        (path,) = box.holds
        if not isinstance(self._items[path], Node) or any("first of" in plain(each.header.aside) for each in around):
            return  # of very different copies the first is shown, and the panel says so
        for node in self._copies.get(path, []):
            title = box_title(self._flow, node)
            with_more, without = box.fields.removesuffix(DASHED), re.sub(rf",\s[^,|]*{DASHED}$", "", box.fields)
            line = f"{title.name}|{title.fields}"
            if not any(says(f"{box.title}|{fields}", line, 1, "") for fields in (with_more, without)):
                yield "unlike", box.name, f"{box.title} {box.fields} | {node.path}: {title.text}"
                return

    @cached_property
    def _copies(self) -> dict[str, list[Node]]:
        found: dict[str, list[Node]] = {}
        for node in self.moving:
            found.setdefault(self.shown(node.path), []).append(node)
        return found

    @cached_property
    def _flow(self) -> Flow:
        return Flow(self.graph)

    @cached_property
    def _loose(self) -> set[Node]:
        """The fixed nodes that no box holds: they count with what reads them."""
        return {node for node in self.fixed if not isinstance(self.holder(node), Box)}

    def _reader(self, node: Node) -> Node | None:
        """The first moving node of the figure's scope that reads what a fixed one makes."""
        if node not in self.fixed:
            return node
        inside = self._readers.get(node, [])
        return next((found for each in inside if (found := self._reader(each)) in self._inside), None)

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


def _ends(name: str, after: Mapping[str, Sequence[str]], aside: set[str]) -> set[str]:
    """The boxes that the links of one lead to, by way of those that only pass on."""
    ends: set[str] = set()
    waiting, met = list(after[name]), set()
    while waiting:
        each = waiting.pop()
        if each not in aside:
            ends.add(each)
        elif each not in met:
            met.add(each)
            waiting += after.get(each, [])
    return ends


def _given(node: Node) -> list[Value]:
    given = node.inputs[:1] if isinstance(node.op, ScanLast) else node.inputs
    return [value for value in given if value is not None]


_N = r"(\d+(?:\.\d+)?)"
_SPREAD = re.compile(rf"first\s{_N},\sthen\s{_N}|{_N}–{_N}|{_N}")
_NOTE = re.compile(r"\s?\(?(?:in|after)\sthe\sfirst(?:\s\d+)?\)?|\s?\(?in\s\d+\sof\s\d+\)?")
_OR = re.compile(r"\d+×\d+(?:\sor\s\d+×\d+)+")
_COUNTED = re.compile(r"(?:^|·\s)(?:\d+–)?\d+\s[A-Z]")
_ABREAST = re.compile(r"\s\+\s")


def says(text: str, line: str, turn: int, aside: str) -> bool:
    """Whether a text for several copies is true of one of them, which alone says `line`.

    `96–384` is any number between them; of `first 96, then 144` each copy is one. What an aside says of the first
    alone, that it halves the resolution or has a shortcut of its own, need not stand in the text.
    """
    if text.startswith("first") and "; then" in text:
        text = text.removeprefix("first\xa0").split("; then\xa0")[turn > 0]
    if turn == 0 and "first" in aside:
        line, text = (re.sub(r",\s/\d+", "", each) for each in (line, text))
        if "\xa0+ " in line and "+" not in text:
            line = line.rpartition("\xa0+ ")[0]
        line, text = map(_one_by_one, (line, text))
    if any(pattern.search(text) for pattern in (_NOTE, _OR, _COUNTED, _ABREAST)):
        return _mentions(text, line, turn)
    pattern, end = "", 0
    spans: list[tuple[float, float]] = []
    for found in _SPREAD.finditer(text):
        spans.append(_span(found, turn))
        pattern += re.escape(text[end : found.start()]) + _N
        end = found.end()
    matched = re.fullmatch(pattern + re.escape(text[end:]), line)
    return matched is not None and all(
        low <= float(number) <= high for number, (low, high) in zip(matched.groups(), spans, strict=True)
    )


def _mentions(text: str, line: str, turn: int) -> bool:
    """Of a text that tells what only some copies have: whether it has all words of one copy's line, and its numbers."""
    words = set(re.findall(r"[A-Z]\w+", line)) <= set(re.findall(r"[A-Z]\w+", text))
    if _COUNTED.search(text):
        return words  # layers are counted, and no number of theirs is told
    spans = [_span(found, turn) for found in _SPREAD.finditer(_NOTE.sub("", text))]
    numbers = re.findall(_N, re.sub(r"\d+\s×\s", "", line))
    return words and all(any(low <= float(number) <= high for low, high in spans) for number in numbers)


def _one_by_one(text: str) -> str:
    """`2 × Conv 3×3, 64` as `Conv 3×3, 64 → 3×3, 64`."""
    found = re.match(r"(\d+)\s×\s(\w+)\s([^→+]*)$", text)
    if found is None:
        return text
    times, name, rest = found.groups()
    return f"{name}\xa0" + "\xa0→ ".join([rest] * int(times))


def _span(found: re.Match[str], turn: int) -> tuple[float, float]:
    """The numbers between which one copy's is."""
    first, then, low, high, exact = found.groups()
    if first is None:
        return float(low or exact), float(high or exact)
    return (float(first), float(first)) if turn == 0 else (float(then), float(then))
