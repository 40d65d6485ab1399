"""Makes the figure of a graph: an overview, or with some scopes opened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, groupby
from typing import Final, NamedTuple

from archdsl.figure import boxes
from archdsl.figure.boxes import counts, legible
from archdsl.figure.copies import one_for_all
from archdsl.figure.differences import differences, group_size
from archdsl.figure.elements import Element
from archdsl.figure.figure import Box, Figure, Panel, Style
from archdsl.figure.flow import Flow, in_training_only
from archdsl.figure.grouping import as_asked, is_merge, steps
from archdsl.figure.lanes import turned, with_lanes
from archdsl.figure.links import Places, find_links
from archdsl.figure.marks import Marks
from archdsl.figure.opening import Opening, Shown
from archdsl.figure.palette import own_paints
from archdsl.figure.paths import block_at
from archdsl.figure.ports import entering, leaving
from archdsl.figure.presenting import Presenter
from archdsl.figure.pyramids import GridCell
from archdsl.figure.repeats import Run, signature
from archdsl.figure.routing import merges, said_at_outputs, through_headers, with_roles
from archdsl.figure.scans import border_box, is_border, loops_of, parted, steps_text
from archdsl.figure.slopes import Terrace
from archdsl.figure.standing import in_cells, standing
from archdsl.figure.terraces import parts_of
from archdsl.figure.theme import is_at
from archdsl.figure.view import View
from archdsl.figure.wording import block_name
from archdsl.ir.graph import Graph, Mode, Scope, Value
from archdsl.ops.dropout import Passing
from archdsl.words.naming import DOT, Title, humanise
from archdsl.words.quantities import SPACE, count_text
from archdsl.words.titles import title

VARIANTS: Final = 3
"""An opened repeat shows its different copies one by one where there are no more than this."""


def outline(
    graph: Graph, view: View, *,
    scope: Scope | None = None, coarser: int = 0, marks: Marks | None = None, flow: Flow | None = None,
) -> Figure:  # fmt: skip
    """The figure of a graph, or of one scope of it.

    `coarser` groups further than `view` asks for; `marks` add to what the figure shows. Who draws many figures of
    one graph and view gives the `flow` of both. Raises DrawingError where the view names what is no block of the graph.
    """
    depth = view.depth or 1
    flow = flow or as_asked(Flow(graph, marks, view))
    shown = scope if scope is not None or view.only is None else block_at(graph, view.only)
    flow = flow.opened((shown or graph.root, *(block_at(graph, path) for path in view.expand)))
    maker = _Maker(flow, Opening(graph, view, shown))
    found = maker.network(depth, coarser) if shown is None else maker.inside(shown, depth)
    everything = (*found.inputs, *found.items, *found.outputs)
    links = find_links(flow, maker.places, {box.name: box.formerly or box.title for box in found.ports})
    links = with_roles(through_headers(everything, links), merges(everything))
    said = said_at_outputs(found.outputs, links, maker.shapes_at_ends(), each=bool(maker.cells))
    everything = (*found.inputs, *found.items, *(said.get(box.name, box) for box in found.outputs))
    links = [replace(link, label="") if link.target in said else link for link in links]
    heading = _heading(view, marks.title if marks is not None else found.name, scope is None)
    figure = Figure(
        found.name, heading, found.total if heading else "", everything, tuple(links),
        compact=depth > 1 or shown is not None, stacked=shown is not None, palette=view.palette,
        paints=own_paints(view.theme, view.palette), hidden=maker.hidden(shown),
    )  # fmt: skip
    return _arranged(figure, maker, marks, view)


def _arranged(figure: Figure, maker: _Maker, marks: Marks | None, view: View) -> Figure:
    """The figure with what holds its boxes together: levels, or lanes and rows."""
    loops = any(box.carries for box in figure.boxes())  # beside which no level has room for their edges
    if maker.terraces and not loops:
        return standing(figure, maker.terraces)
    if maker.cells and not loops:
        return in_cells(figure, maker.cells)
    figure = with_lanes(figure)
    return turned(figure if marks is None else marks.finished(figure, maker.places), view.direction)


def _heading(view: View, usual: str, is_all: bool) -> str:
    """The title of all that is drawn, or of a panel beside it."""
    themed = view.theme.title if is_all else None
    asked = view.title if view.title is not None else themed
    return usual if asked is None else legible(asked)


class _Content(NamedTuple):
    """What a figure consists of, but for its links."""

    name: str
    total: str
    inputs: Sequence[Box]
    items: Sequence[Box | Panel]
    outputs: Sequence[Box]

    @property
    def ports(self) -> Iterator[Box]:
        return chain(self.inputs, self.outputs)


class _Maker:
    """Turns parts into boxes and remembers which box every node is in."""

    def __init__(self, flow: Flow, opening: Opening) -> None:
        self._flow = flow
        self._opening = opening
        self._presenter = Presenter(flow)
        self.places = Places()
        self.terraces: dict[str, Terrace] = {}
        """Where the boxes stand in an overview that is drawn at levels."""
        self.cells: dict[str, GridCell] = {}
        """And in one of rows and columns."""

    def network(self, depth: int, coarser: int) -> _Content:
        """All of the network."""
        graph = self._flow.graph
        total = count_text(graph.parameters, graph.macs) if self._flow.view.counts else ""
        items = self.overview(graph.root, coarser) if depth == 1 else self.opened(graph.root, depth)
        inputs, outputs = self.network_ports()
        return _Content(graph.name, total, inputs, items, outputs)

    def inside(self, scope: Scope, depth: int) -> _Content:
        """What is in a block."""
        flow = self._flow
        steps_said = steps_text(flow, [scope])
        total = _said(scope.path, steps_said, counts(flow, scope.nodes()), legible(scope.note or ""))
        header = Box(f"{scope.path} header", Style.FORK, "block", "")
        first, inner, last = parted(flow, scope, self.opened(scope, depth))
        items = (Panel(scope.path, (header, *inner), holds=(scope.path,)),)
        inputs, outputs = self.scope_ports(scope)
        name = humanise(scope.block or scope.name)
        return _Content(name, total, [*first, *inputs], items, [*last, *outputs])

    def hidden(self, scope: Scope | None) -> tuple[str, ...]:
        """The paths in a scope, or in the network, that a theme hides."""
        paths = self._flow.theme.hide
        return paths if scope is None else tuple(path for path in paths if is_at(path, scope.path))

    def overview(self, scope: Scope, coarser: int) -> tuple[Box | Panel, ...]:
        """Few boxes for all that a scope holds; of a scope that holds one block, the block's."""
        runs, terraces = parts_of(self._flow, scope, coarser)
        sole = runs[0].first.scope if len(runs) == 1 and len(runs[0].elements) == 1 else None
        if sole is not None and runs[0].first.is_block and sole.scan is None and not self._opening.is_collapsed(sole):
            return self.overview(sole, coarser)
        parts = [part for run in runs for part in self._opening.parts(run, scope, 1)]
        found = [item for run, shown in parts for item in self._items(run, shown, scope, 1, Style.CARD)]
        first = found[0] if found else None
        if isinstance(first, Box) and len(parts) > 1 and _is_stem(first, parts[0][0]) and not _is_plain(parts[1][0]):
            found[0] = boxes.as_stem(first)
        if terraces is not None:
            names = [item.name for item in found]
            self.terraces = dict(zip(names, terraces.places, strict=bool(terraces.places)))
            self.cells = dict(zip(names, terraces.cells, strict=bool(terraces.cells)))
        return self._presenter.grouped(found, self.places, scope)

    def opened(self, scope: Scope, depth: int) -> tuple[Box | Panel, ...]:
        """A box for every op of a scope; its blocks as cards, or as panels where depth is more than 1."""
        parts = (part for run in steps(self._flow, scope) for part in self._opening.parts(run, scope, depth))
        found = [item for run, shown in parts for item in self._items(run, shown, scope, depth, Style.OP)]
        return self._presenter.grouped(found, self.places, scope)

    def _items(self, run: Run, shown: Shown, base: Scope, depth: int, style: Style) -> Sequence[Box | Panel]:
        if shown is Shown.CLOSED:
            return [self._box(run, base, style)]
        if run.first.scope is None and _is_plain(run):
            return [self._box(run, base, Style.OP)]
        return self._panels(run, base, depth)

    def _box(self, run: Run, base: Scope, style: Style) -> Box:
        if run.abreast:
            one = self._box(Run(run.turns[:1]), base, style)
            box = boxes.side_by_side(self._flow, one, run)
        elif not _is_plain(run):
            box = boxes.block_card(self._flow, run, base)
        elif len(run.elements) == 1 and is_border(run.first.moving[-1]):
            box = border_box(self._flow, run.first.moving[-1])
        elif len(run.elements) == 1 and is_merge(self._flow, run.first) and not run.first.moving[-1].note:
            box = boxes.merge_box(run.first)
        else:
            style = Style.OP if self._flow.is_source(run.first.moving) else style
            box = self._with_rates(boxes.ops_box(self._flow, run, style), run)
        for node in run.nodes:
            self.places.box[node] = box.name
        for element in run.elements if not _is_plain(run) else ():
            if element.scope is not None:
                self.places.block.update(dict.fromkeys(element.nodes, element.scope))
        box = self._presenter.box(box, run)
        return replace(box, holds=tuple(path for element in run.elements for path in element.paths))

    def _with_rates(self, box: Box, run: Run) -> Box:
        """The box of an op that copies alike in all else have with other rates, with all of these."""
        node = run.first.moving[0]
        if len(run.nodes) > 1 or not isinstance(node.op, Passing) or node not in self.places.copies:
            return box
        said = one_for_all([(title(each, self._flow.sizes),) for each in self.places.all_of(node)])
        found = said[0] if said else None
        return replace(box, fields=found.fields) if isinstance(found, Title) else box

    def _panels(self, run: Run, base: Scope, depth: int) -> list[Panel]:
        """A panel for each different copy in a row; one for the first where there are too many."""
        rows = [Run(tuple(turns)) for _, turns in groupby(run.turns, signature)]
        if len(rows) <= VARIANTS:
            return [self._turn(row, base, depth, "") for row in rows]
        unit = group_size(self._flow, run.turns)
        starts = range(0, len(run.turns), unit)
        units = [tuple(e for turn in run.turns[i : i + unit] for e in turn) for i in starts]
        varying = f"first of {len(run.turns)} shown{DOT}{differences(self._flow, run.turns)}"
        return [self._turn(Run(tuple(units)), base, depth, varying if unit == 1 else "")]

    def _turn(self, run: Run, base: Scope, depth: int, extra: str) -> Panel:
        """The first turn, opened; the nodes of the others stand for its nodes."""
        self.places.add_turns(run.turns)
        shown = run.turns[0]
        aside = _said(boxes.instances(self._flow, run, base), steps_text(self._flow, loops_of(shown)), extra)
        header = self._header(run, base, boxes.run_title(self._flow, run), aside)
        holds = tuple(path for element in run.elements for path in element.paths)
        paint = self._presenter.border(run)
        if len(shown) == 1:
            return replace(self._panel(shown[0], depth, header), holds=holds, paint=paint)
        inside = [self._inner(each, base, depth) for each in shown if not self._flow.hides(each.moving)]
        header = replace(header, name=f"{header.name} and on")
        return Panel(f"{shown[0].path} and on", (header, *inside), holds=holds, paint=paint)

    def _inner(self, element: Element, base: Scope, depth: int) -> Box | Panel:
        run = Run(((element,),))
        if not element.is_block:
            return self._box(run, base, Style.OP)
        aside = _said(boxes.relative(element.path, base), steps_text(self._flow, loops_of((element,))))
        panel = self._panel(element, depth, self._header(run, base, block_name(element), aside))
        return replace(panel, paint=self._presenter.border(run))

    def _panel(self, element: Element, depth: int, header: Box) -> Panel:
        assert element.scope is not None
        items = self.opened(element.scope, depth - 1)
        dashed = all(map(in_training_only, element.moving))
        return Panel(element.path, (header, *items), dashed, holds=(element.path,))

    def _header(self, run: Run, base: Scope, title: str, aside: str) -> Box:
        times = len(run.turns)
        total = counts(self._flow, run.nodes)
        name = f"{run.first.path} header"
        lines = tuple(boxes.notes(self._flow, run, base))
        header = Box(name, Style.HEADER, "block", title, aside=aside, lines=lines, counts=total, times=times)
        return self._presenter.header(header, run)

    def shapes_at_ends(self) -> dict[str, str]:
        """The shape of what comes to each box for what leaves."""
        return {name: self._flow.label(value) for value, name in self.places.ends}

    def network_ports(self) -> tuple[list[Box], list[Box]]:
        """Boxes for what enters and what leaves the network."""
        graph = self._flow.graph
        inputs = [self._presenter.port(_port("input", name), name) for name in graph.inputs]
        for box, node in zip(inputs, graph.inputs.values(), strict=True):
            self.places.box[node] = box.name
        return inputs, self._ends(graph.outputs.items(), graph.output_modes)

    def scope_ports(self, scope: Scope) -> tuple[list[Box], list[Box]]:
        """Boxes for what enters and what leaves a scope, but for what its loop over time reads and passes on."""
        flow = self._flow
        inside = [node for node in scope.nodes() if not (is_border(node) and node.scope is scope)]
        inputs = []
        for names, value in entering(flow, scope, inside):
            inputs.append(_port("input", names))
            self.places.starts[value.node, value.output] = inputs[-1].name
        return inputs, self._ends(leaving(flow, scope, inside), {})

    def _ends(self, outputs: Iterable[tuple[str, Value]], modes: dict[str, Mode]) -> list[Box]:
        ports = []
        for name, value in outputs:
            port = _port("output", name, dashed=modes.get(name) is Mode.TRAINING)
            ports.append(self._presenter.port(port, name))
            self.places.ends.append((value, ports[-1].name))
        return ports


def _said(*parts: str) -> str:
    return DOT.join(part for part in parts if part)


def _port(kind: str, name: str, dashed: bool = False) -> Box:
    name = legible(name)
    return Box(f"{kind}{SPACE}{name}", Style.PORT, "reshape", name, dashed=dashed)


def _is_plain(run: Run) -> bool:
    """Whether it holds ops alone, no block."""
    return not any(element.is_block for element in run.elements)


def _is_stem(box: Box, run: Run) -> bool:
    several = not box.formerly and (bool(box.lines) or DOT in box.title)
    return several and len(run.turns) == 1 and _is_plain(run) and any(element.mains for element in run.elements)
