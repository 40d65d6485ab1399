"""Makes the figure of a graph: an overview, or with some scopes opened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from archdsl.diagram.boxes import (
    as_stem,
    block_card,
    counts,
    instances,
    merge_box,
    ops_box,
    relative,
    run_title,
)
from archdsl.diagram.differences import differences, group_size
from archdsl.diagram.elements import Element
from archdsl.diagram.figure import Box, Figure, Panel, Style
from archdsl.diagram.flow import Flow, in_training_only
from archdsl.diagram.grouping import group, is_merge, steps
from archdsl.diagram.lanes import with_lanes
from archdsl.diagram.links import Places, find_links
from archdsl.diagram.loops import border_box, is_border, loops_of, steps_text
from archdsl.diagram.marks import Marks
from archdsl.diagram.quantities import SPACE, count_text
from archdsl.diagram.repeats import Run, Turn, signature
from archdsl.diagram.routing import merges, said_at_outputs, through_headers, with_roles
from archdsl.diagram.titles import DOT, humanise
from archdsl.diagram.wording import block_name
from archdsl.graph import Graph, Mode, Scope, Value

VARIANTS: Final = 3
"""An opened repeat shows its different copies one by one where there are no more than this."""

Items = tuple[Box | Panel, ...]


def outline(
    graph: Graph, depth: int = 1, *, scope: Scope | None = None, coarser: int = 0, marks: Marks | None = None
) -> Figure:
    """The figure of a graph, or of one scope of it.

    depth 1 is the overview; each further level opens one level of blocks. `coarser` groups further.
    `marks` add to what it shows.
    """
    flow = Flow(graph, marks)
    maker = _Maker(flow)
    if scope is None:
        title, total = graph.name, count_text(graph.parameters, graph.macs)
        items = maker.overview(graph.root, coarser) if depth == 1 else maker.opened(graph.root, depth)
        inputs, outputs = maker.network_ports()
    else:
        title, total = (
            humanise(scope.block or scope.name),
            _said(scope.path, steps_text(flow, [scope]), counts(flow, scope.nodes())),
        )
        header = Box(f"{scope.path} header", Style.FORK, "block", "")
        items = (Panel(scope.path, (header, *maker.opened(scope, depth))),)
        inputs, outputs = maker.scope_ports(scope)
    everything = (*inputs, *items, *outputs)
    links = with_roles(through_headers(everything, find_links(flow, maker.places)), merges(everything))
    shapes = {name: flow.label(flow.resolve(value)) for value, name in maker.places.ends}
    said = said_at_outputs(outputs, links, shapes)
    everything = (*inputs, *items, *(said.get(box.name, box) for box in outputs))
    links = [replace(link, label="") if link.target in said else link for link in links]
    compact = depth > 1 or scope is not None
    figure = with_lanes(Figure(title, title, total, everything, tuple(links), compact=compact))
    return marks.finished(figure, maker.places) if marks is not None else figure


class _Maker:
    """Turns parts into boxes and remembers which box every node is in."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self.places = Places()

    def overview(self, scope: Scope, coarser: int) -> Items:
        """Few boxes for all that a scope holds; of a scope that holds one block, the block's."""
        runs = group(self._flow, scope, coarser)
        sole = runs[0].first if len(runs) == 1 and len(runs[0].elements) == 1 else None
        if sole is not None and sole.is_block and sole.scope is not None and sole.scope.scan is None:
            return self.overview(sole.scope, coarser)
        boxes = [self._box(run, scope, Style.CARD) for run in runs]
        if len(runs) > 1 and _is_stem(boxes[0], runs[0]) and not _is_plain(runs[1]):
            boxes[0] = as_stem(boxes[0])
        return tuple(boxes)

    def opened(self, scope: Scope, depth: int) -> Items:
        """A box for every op of a scope; its blocks as cards, or as panels where depth is more than 1."""
        found: list[Box | Panel] = []
        for run in steps(self._flow, scope):
            if depth > 1 and not _is_plain(run):
                found += self._panels(run, scope, depth)
            else:
                found.append(self._box(run, scope, Style.OP))
        return tuple(found)

    def _box(self, run: Run, base: Scope, style: Style) -> Box:
        if not _is_plain(run):
            box = block_card(self._flow, run, base)
        elif len(run.elements) == 1 and is_border(run.first.moving[-1]):
            box = border_box(run.first.moving[-1])
        elif len(run.elements) == 1 and is_merge(self._flow, run.first):
            box = merge_box(run.first)
        else:
            box = ops_box(self._flow, run, style)
        for node in run.nodes:
            self.places.put(node, box.name)
        return box

    def _panels(self, run: Run, base: Scope, depth: int) -> list[Panel]:
        """A panel for each different copy in a row; one for the first where there are too many."""
        rows: list[list[Turn]] = []
        for turn in run.turns:
            if rows and signature(rows[-1][0]) == signature(turn):
                rows[-1].append(turn)
            else:
                rows.append([turn])
        if len(rows) <= VARIANTS:
            return [self._turn(Run(tuple(row)), base, depth, "") for row in rows]
        unit = group_size(self._flow, run.turns)
        starts = range(0, len(run.turns), unit)
        units = [tuple(e for turn in run.turns[i : i + unit] for e in turn) for i in starts]
        varying = f"first of {len(run.turns)} shown{DOT}{differences(self._flow, run.turns)}"
        return [self._turn(Run(tuple(units)), base, depth, varying if unit == 1 else "")]

    def _turn(self, run: Run, base: Scope, depth: int, extra: str) -> Panel:
        """The first turn, opened; the nodes of the others stand for its nodes."""
        self.places.add_turns(run.turns)
        shown = run.turns[0]
        aside = _said(instances(self._flow, run, base), steps_text(self._flow, loops_of(shown)), extra)
        header = self._header(run, run_title(run), aside)
        if len(shown) == 1:
            return self._panel(shown[0], depth, header)
        inside = [self._inner(element, base, depth) for element in shown]
        return Panel(f"{shown[0].path} and on", (replace(header, name=f"{header.name} and on"), *inside))

    def _inner(self, element: Element, base: Scope, depth: int) -> Box | Panel:
        run = Run(((element,),))
        if not element.is_block:
            return self._box(run, base, Style.OP)
        aside = _said(relative(element.path, base), steps_text(self._flow, loops_of((element,))))
        return self._panel(element, depth, self._header(run, block_name(element), aside))

    def _panel(self, element: Element, depth: int, header: Box) -> Panel:
        assert element.scope is not None
        items = self.opened(element.scope, depth - 1)
        return Panel(element.path, (header, *items), all(map(in_training_only, element.moving)))

    def _header(self, run: Run, title: str, aside: str) -> Box:
        times = len(run.turns)
        total = counts(self._flow, run.nodes)
        name = f"{run.first.path} header"
        return Box(name, Style.HEADER, "block", title, aside=aside, counts=total, times=times)

    def network_ports(self) -> tuple[list[Box], list[Box]]:
        """Boxes for what enters and what leaves the network."""
        graph = self._flow.graph
        inputs = [_port("input", name) for name in graph.inputs]
        for box, node in zip(inputs, graph.inputs.values(), strict=True):
            self.places.put(node, box.name)
        return inputs, self._ends(graph.outputs.items(), graph.output_modes)

    def scope_ports(self, scope: Scope) -> tuple[list[Box], list[Box]]:
        """Boxes for what enters, but for what is static, and for what leaves a scope."""
        fed = {name: self._flow.resolve(value).node for name, value in scope.inputs.items() if value is not None}
        fed = {name: node for name, node in fed.items() if node not in self._flow.static}
        inputs = [_port("input", name) for name in fed]
        for box, node in zip(inputs, fed.values(), strict=True):
            self.places.starts[node] = box.name
        return inputs, self._ends(scope.outputs.items(), {})

    def _ends(self, outputs: Iterable[tuple[str, Value]], modes: dict[str, Mode]) -> list[Box]:
        boxes = []
        for name, value in outputs:
            boxes.append(_port("output", name, dashed=modes.get(name) is Mode.TRAINING))
            self.places.ends.append((value, boxes[-1].name))
        return boxes


def _said(*parts: str) -> str:
    return DOT.join(part for part in parts if part)


def _port(kind: str, name: str, dashed: bool = False) -> Box:
    return Box(f"{kind}{SPACE}{name}", Style.PORT, "reshape", name, dashed=dashed)


def _is_plain(run: Run) -> bool:
    """Whether it holds ops alone, no block."""
    return not any(element.is_block for element in run.elements)


def _is_stem(box: Box, run: Run) -> bool:
    several = bool(box.lines) or DOT in box.title
    return several and len(run.turns) == 1 and _is_plain(run) and any(element.mains for element in run.elements)
