"""The figure of a difference: the second network with what changed coloured, and what is gone where it was."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from archdsl.comparison.compare import Change, Comparison, Counts, Sign, primitives
from archdsl.comparison.gone import GoneBoxes
from archdsl.comparison.groups import groups
from archdsl.comparison.remarks import box_remarks
from archdsl.comparison.text import names
from archdsl.figure.figure import Box, Figure, Panel, Style
from archdsl.figure.links import Places
from archdsl.figure.marks import Marks
from archdsl.figure.palette import SIGNS
from archdsl.ir.graph import Node, Value
from archdsl.ir.scopes import scopes_around
from archdsl.words.quantities import SPACE, change_text, shape_text


class ChangeMarks(Marks):
    """Marks the nodes of a comparison's second network."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self.title = f"{SPACE}→ ".join(names(comparison))

    def of(self, node: Node) -> Hashable:
        return self._kinds.get(node)

    def label(self, value: Value, text: str) -> str:
        """The shape, after what it was where it is another."""
        before = self._comparison.alignment.before.get(value.node)
        if not isinstance(before, Node) or value.output >= len(before.types):
            return text
        graph = self._comparison.before
        old = shape_text(before.types[value.output].shape, graph.counted_sizes, graph.batch)
        return text if old == text else f"{old} → {text}"

    def finished(self, figure: Figure, places: Places) -> Figure:
        gone = GoneBoxes(self._comparison, places)
        held = _held(places)
        painted = [self._painted(self._end(item), held, gone.inside) for item in figure.items]
        items = gone.inserted(painted)
        found = replace(figure, items=items, links=(*figure.links, *gone.links(items)))
        comparison = self._comparison
        totals = [(graph.parameters, graph.macs) for graph in (comparison.before, comparison.after)]
        counts = change_text(*totals) if figure.counts else ""
        return replace(found, counts=counts, legend=tuple(self._legend(found)))

    def _legend(self, figure: Figure) -> Iterator[tuple[str, str]]:
        used = {box.paint for box in figure.boxes()}
        yield from ((paint, f"{sign} {paint}") for paint, sign in SIGNS.items() if paint in used)
        if "unchanged" in used:
            but = ["sizes"] * bool(self._comparison.followers)
            but += dict.fromkeys(name for change in self._comparison.changes for name in _graded(change))
            yield "unchanged", f"as before but for {' and '.join(but)}" if but else "as before"

    @cached_property
    def _kinds(self) -> Mapping[Node, Hashable]:
        """What became of each node; what is gone from inside a block marks the node beside it."""
        kinds: dict[Node, Hashable] = {}
        for change in self._shown:
            if change.sign is Sign.ADDED:
                kinds |= dict.fromkeys(primitives(change.part), change.sign)
            elif change.sign is Sign.ALTERED and isinstance(change.part, Node):
                kinds[change.part] = (change.sign, *(detail.name for detail in change.details))
        for change in self._comparison.changes:
            beside = self._beside(change) if change.sign is Sign.REMOVED else None
            if beside is not None:
                kinds[beside] = (kinds.get(beside), change.sign, change.part.name)
        return kinds

    @cached_property
    def _shown(self) -> list[Change]:
        """The changes that are coloured: what grows from block to block is another in every one."""
        return [change for change in self._comparison.changes if not _graded(change)]

    def _beside(self, change: Change) -> Node | None:
        scope = change.part.scope
        if scope is None or all(each.block is None for each in scopes_around(change.part)):
            return None
        kept = self._comparison.alignment.after
        nodes = [kept[node] for node in scope.nodes() if node in kept]
        return next((node for node in nodes if isinstance(node, Node)), None)

    def _end(self, item: Box | Panel) -> Box | Panel:
        """An output's box marked where the output is new or another."""
        ends = {f"output{SPACE}{each.name}": each for each in self._comparison.outputs if each.after is not None}
        if not isinstance(item, Box) or item.name not in ends:
            return item
        return _titled(item, "added" if ends[item.name].before is None else "altered")

    def _painted(
        self, item: Box | Panel, held: Mapping[str, list[Node]], inside: Mapping[str, list[Change]]
    ) -> Box | Panel:
        if isinstance(item, Panel):
            items = tuple(self._painted(each, held, inside) for each in item.items)
            paint = _common_paint(items)
            first = items[0]
            if isinstance(first, Box) and paint in SIGNS:
                items = (replace(first, title=f"{SIGNS[paint]} {first.title}", paint=paint), *items[1:])
            return replace(item, items=items, paint=paint if paint in SIGNS else "")
        if item.name not in held or item.style in (Style.FORK, Style.TRACK, Style.HEADER):
            return item
        return self._marked(item, held[item.name], inside.get(item.name, []))

    def _marked(self, box: Box, nodes: Sequence[Node], gone: Sequence[Change]) -> Box:
        """The box of these nodes and of what was removed from among them."""
        own = set(nodes)
        changes = [change for change in self._shown if _is_in(change, own)]
        if own and all(self._kinds.get(node) is Sign.ADDED for node in own):
            return _titled(box, "added")
        counts = self._counts(nodes, gone) if box.counts else ""
        changes += gone
        if not changes:
            return replace(box, paint="unchanged", counts=counts)
        remarks = box_remarks(groups(self._comparison, changes), box)
        return replace(_titled(box, "altered"), counts=counts, remarks=tuple(remarks))

    def _counts(self, nodes: Sequence[Node], gone: Sequence[Change]) -> str:
        before = [self._comparison.counts(self._comparison.alignment.before.get(node), 0) for node in nodes]
        before += [change.counts[0] for change in gone]
        return change_text(_total(before), _total([self._comparison.counts(node, 1) for node in nodes]))


def _total(counts: Iterable[Counts]) -> tuple[int, int]:
    found = list(counts)
    return sum(each.parameters for each in found), sum(each.macs for each in found)


def _is_in(change: Change, nodes: set[Node]) -> bool:
    """Whether a box of these nodes is altered by the change: of a scope that is altered itself, by all of it."""
    if change.sign is Sign.REMOVED:
        return False
    found = primitives(change.part)
    return (any if change.sign is Sign.ADDED else all)(node in nodes for node in found) and bool(found)


def _titled(box: Box, paint: str) -> Box:
    # a circle's sign is its op
    title = box.title if box.style is Style.MERGE else f"{SIGNS[paint]} {box.title}"
    return replace(box, paint=paint, title=title)


def _common_paint(items: Iterable[Box | Panel]) -> str:
    """Of a panel: that of all its boxes, or `altered` where only some changed."""
    paints = {item.paint for item in items if item.paint in (*SIGNS, "unchanged")}
    return paints.pop() if len(paints) == 1 else "altered" if paints else ""


def _held(places: Places) -> dict[str, list[Node]]:
    """The nodes that each box shows."""
    held: dict[str, list[Node]] = {}
    for node, name in places.box.items():
        held.setdefault(name, []).append(node)
    return held


def _graded(change: Change) -> list[str]:
    """What is another, where it is only what grows from block to block."""
    if not isinstance(change.part, Node):
        return []
    names = change.part.op.graded
    return [names[d.name] for d in change.details] if all(d.name in names for d in change.details) else []
