"""Boxes for what the second network has no more, beside what took its place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from archdsl.comparison.compare import Change, Comparison, Sign, primitives
from archdsl.figure.boxes import block_card, ops_box
from archdsl.figure.elements import Grain, elements_of
from archdsl.figure.figure import Box, Link, LinkRole, Panel, Style, nested
from archdsl.figure.flow import Flow
from archdsl.figure.links import Places
from archdsl.figure.palette import SIGNS
from archdsl.figure.repeats import Run, find_runs
from archdsl.figure.routing import through_headers
from archdsl.ir.graph import Node
from archdsl.words.quantities import SPACE


class GoneBoxes:
    """Finds a place for all that was removed: a box of its own, or (`inside`) the box that it was a part of."""

    def __init__(self, comparison: Comparison, places: Places) -> None:
        self._comparison = comparison
        self._places = places
        self._flow = Flow(comparison.before)
        self.inside: dict[str, list[Change]] = {}
        """By box, what was removed from between its nodes."""
        self._links: list[Link] = []
        self._boxes: list[tuple[Box, list[str]]] = []
        self._box_of: dict[Node, str] = {}
        self._place([change for change in comparison.changes if change.sign is Sign.REMOVED])

    def inserted(self, items: Sequence[Box | Panel]) -> tuple[Box | Panel, ...]:
        """The items, each box of something removed after the last one that it read."""
        found = tuple(items)
        for box, sources in self._boxes:
            found = _with(found, box, sources)
        return found

    def links(self, items: Sequence[Box | Panel]) -> list[Link]:
        """The links of these boxes among the items; into a panel through its header."""
        kept = {item.name for item, _ in nested(items) if isinstance(item, Box) and item.paint != "removed"}
        routed = through_headers(items, self._links)
        return [link for link in routed if not (link.source in kept and link.target in kept)]

    def _place(self, changes: Iterable[Change]) -> None:
        seen: set[tuple[object, ...]] = set()
        for run, held in self._runs(changes):
            home = self._home(run)
            if home is not None:
                self.inside.setdefault(home, []).extend(held)
                self._box_of |= dict.fromkeys(run.nodes, home)
                continue
            sources, targets = self._around(run)
            box = self._box(run)
            key = (box.title, *box.lines, *sources, *targets)
            if key in seen:
                continue
            seen.add(key)
            self._boxes.append((box, sources))
            self._box_of |= dict.fromkeys(run.nodes, box.name)
            # alone between its neighbours it stands beside the second, and does not part them
            length = 1 if any(source == other.name for source in sources for other, _ in self._boxes) else 0
            self._links += [Link(source, box.name, LinkRole.GONE, dashed=True) for source in sources]
            self._links += [Link(box.name, target, LinkRole.GONE, dashed=True, length=length) for target in targets]

    def _runs(self, changes: Iterable[Change]) -> Iterator[tuple[Run, list[Change]]]:
        """What was removed as the first network's figure would show it, each with its changes."""
        owner = {node: change for change in changes for node in primitives(change.part)}
        scopes = dict.fromkeys(change.part.scope for change in owner.values())
        for scope in scopes:
            if scope is None:
                continue
            elements = [
                element
                for element in elements_of(self._flow, scope, Grain.FINE)
                if all(node in owner and owner[node].part.scope is scope for node in element.moving)
            ]
            for run in _joined(self._flow, find_runs(self._flow, elements)):
                yield run, list(dict.fromkeys(owner[node] for node in run.nodes if node in owner))

    def _around(self, run: Run) -> tuple[list[str], list[str]]:
        """The boxes that hold what it read, and what read it."""
        sources = [self._box_at(node) for node in self._flow.read_from_outside(run.nodes)]
        readers = self._flow.readers_outside(run.nodes)
        targets = [self._box_at(node) for node in self._flow.order if node in readers]
        nodes, after = set(run.nodes), self._comparison.after.outputs
        ends = [name for name, value in self._comparison.before.outputs.items() if value.node in nodes]
        targets += [f"output{SPACE}{name}" for name in ends if name in after]
        return [*dict.fromkeys(filter(None, sources))], [*dict.fromkeys(filter(None, targets))]

    def _home(self, run: Run) -> str | None:
        """The one box that holds all that it read and all that read it, also by way of other nodes that are gone."""
        above = _beyond(run.nodes, self._is_gone, lambda node: self._flow.sources[node])
        below = _beyond(run.nodes, self._is_gone, lambda node: self._flow.readers[node])
        boxes = [{self._box_at(node) for node in nodes} for nodes in (above, below)]
        return next(iter(boxes[0])) if len(boxes[0]) == 1 and boxes[0] == boxes[1] else None

    def _is_gone(self, node: Node) -> bool:
        return node not in self._comparison.alignment.after

    def _box_at(self, node: Node) -> str | None:
        if node in self._box_of:
            return self._box_of[node]
        kept = self._comparison.alignment.after.get(node)
        return self._places.of(kept) if isinstance(kept, Node) else None

    def _box(self, run: Run) -> Box:
        is_block = any(element.is_block for element in run.elements)
        base = self._comparison.before.root
        style = Style.OP if len(run.elements) == 1 else Style.CARD
        box = block_card(self._flow, run, base) if is_block else ops_box(self._flow, run, style)
        return replace(
            box, name=f"{box.name} removed", paint="removed", title=f"{SIGNS['removed']} {box.title}", dashed=True
        )


def _joined(flow: Flow, runs: Iterable[Run]) -> list[Run]:
    """The runs, ops that read one another as one."""
    found: list[Run] = []
    for run in runs:
        last = found[-1] if found else None
        if last is not None and _continues(flow, last, run):
            found[-1] = Run(((*last.turns[0], *run.turns[0]),))
        else:
            found.append(run)
    return found


def _continues(flow: Flow, before: Run, after: Run) -> bool:
    """Whether both are ops, and the second reads the first alone."""
    return _is_plain(before) and _is_plain(after) and set(flow.read_from_outside(after.nodes)) <= set(before.nodes)


def _is_plain(run: Run) -> bool:
    return len(run.turns) == 1 and not any(element.is_block for element in run.elements)


def _beyond(nodes: Iterable[Node], passes: Callable[[Node], bool], step: Callable[[Node], list[Node]]) -> set[Node]:
    """The first nodes in one direction that it does not pass."""
    waiting, seen, found = list(nodes), set(nodes), set[Node]()
    while waiting:
        for node in step(waiting.pop()):
            if not passes(node):
                found.add(node)
            elif node not in seen:
                seen.add(node)
                waiting.append(node)
    return found


def _with(items: tuple[Box | Panel, ...], box: Box, sources: Sequence[str]) -> tuple[Box | Panel, ...]:
    """The items with the box after the last of the sources among them or in a panel; else in the front."""
    for i in range(len(items) - 1, -1, -1):
        item = items[i]
        if isinstance(item, Box) and item.name in sources:
            return (*items[: i + 1], box, *items[i + 1 :])
        if isinstance(item, Panel) and _holds(item, sources):
            return (*items[:i], replace(item, items=_with(item.items, box, sources)), *items[i + 1 :])
    return (*items, box)


def _holds(panel: Panel, names: Sequence[str]) -> bool:
    return any(item.name in names if isinstance(item, Box) else _holds(item, names) for item in panel.items)
