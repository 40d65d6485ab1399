"""Makes the figure of a graph: an overview, or with some scopes opened."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from archdsl.diagram.differences import differences, group_size, merged
from archdsl.diagram.elements import Element
from archdsl.diagram.figure import Box, Figure, Panel, Style
from archdsl.diagram.flow import Flow, in_training_only, is_main, is_silent
from archdsl.diagram.grouping import group, is_merge, steps
from archdsl.diagram.links import Places, find_links
from archdsl.diagram.routing import merges, through_headers, with_roles
from archdsl.diagram.palette import paint_of
from archdsl.diagram.quantities import SPACE, count_text, size
from archdsl.diagram.repeats import Run, Turn, signature
from archdsl.diagram.titles import DOT, humanise, sign_of
from archdsl.diagram.wording import Words, summary, words_of
from archdsl.graph import Graph, Mode, Node, Scope
from archdsl.ops.base import Kind
from archdsl.shapes import TensorType, evaluate

VARIANTS: Final = 3
"""An opened repeat shows its different copies one by one where there are no more than this."""

Item = Box | Panel


def outline(graph: Graph, depth: int = 1, *, scope: Scope | None = None, coarser: int = 0) -> Figure:
    """The figure of a graph, or of one scope of it.

    depth 1 is the overview; each further level opens one level of blocks. `coarser` groups further.
    """
    drawn = graph.root if scope is None else scope
    maker = _Maker(Flow(graph), drawn)
    items = maker.contents(drawn, depth, coarser, overview=scope is None and depth == 1)
    inputs, outputs = maker.ports()
    everything = (*inputs, *items, *outputs)
    name = graph.name if scope is None else scope.path
    title = graph.name if scope is None else humanise(drawn.block or drawn.name)
    links = with_roles(through_headers(everything, find_links(maker.flow, maker.places)), merges(everything))
    counts = count_text(graph.parameters, graph.macs) if scope is None else maker.counts(drawn.nodes())
    return Figure(name, title, counts, everything, tuple(links))


class _Maker:
    """Turns parts into boxes and remembers which box every node is in."""

    def __init__(self, flow: Flow, scope: Scope) -> None:
        self.flow = flow
        self.scope = scope
        self.places = Places()

    def contents(self, scope: Scope, depth: int, coarser: int, *, overview: bool) -> tuple[Item, ...]:
        """The boxes and panels of a scope."""
        if overview:
            runs = group(self.flow, scope, coarser)
            sole = runs[0].first.scope if len(runs) <= 2 and runs[0].first.is_block else None
            if len(runs) == 1 and len(runs[0].elements) == 1 and sole is not None:
                return self.contents(sole, depth, coarser, overview=True)
        else:
            runs = steps(self.flow, scope)
        stem = _stem(runs) if overview else None
        return tuple(item for run in runs for item in self._items(run, depth, overview, run is stem))

    def _items(self, run: Run, depth: int, overview: bool, is_stem: bool) -> list[Item]:
        if not any(element.is_block for element in run.elements):
            return [self._ops(run, overview, is_stem)]
        if depth > 1 and len({element.scope for element in run.elements if element.is_block}) > 0:
            return self._opened(run, depth)
        return [self._card(run)]

    # -- boxes of ops

    def _ops(self, run: Run, overview: bool, is_stem: bool) -> Box:
        elements = run.elements
        if len(elements) == 1 and is_merge(self.flow, elements[0]):
            return self._merge(elements[0])
        nodes = run.nodes
        moving = self.flow.moving(nodes)
        words = _named_words(elements, words_of(self.flow, nodes)) if overview else words_of(self.flow, nodes)
        path = elements[0].path
        kind = next((node.op.kind for node in moving if is_main(node)), None)
        box = Box(
            name=self._named(path, nodes),
            style=Style.CARD if overview else Style.OP,
            paint=paint_of(kind or _first_kind(moving)),
            title=words.name,
            fields=words.fields,
            lines=(words.line,) if words.line else (),
            counts=self.counts(nodes) if overview else "",
            dashed=all(map(in_training_only, moving)),
        )
        return _as_stem(box, words) if is_stem else box

    def _merge(self, element: Element) -> Box:
        node = element.moving[-1]
        name = self._named(node.path, element.nodes)
        return Box(name, Style.MERGE, "reshape", sign_of(node) or "+", dashed=in_training_only(node))

    # -- cards of blocks

    def _card(self, run: Run) -> Box:
        unit = group_size(self.flow, run.turns)
        count = len(run.turns) // unit if unit < len(run.turns) or unit > 1 else len(run.turns)
        blocks = len(run.turns) if unit > 1 else 0
        nodes = run.nodes
        dashed = all(map(in_training_only, self.flow.moving(nodes)))
        aside = [
            self._instances(run),
            f"{blocks}{SPACE}blocks" if blocks else "",
            self._differ(run),
            f"training{SPACE}only" if dashed else "",
        ]
        return Box(
            name=self._named(run.first.path, nodes),
            style=Style.CARD,
            paint=_block_paint(nodes),
            title=_title(run, unit),
            aside=DOT.join(part for part in aside if part),
            lines=tuple(line for line in (self._summary(run), *_notes(run)) if line),
            counts=self.counts(nodes),
            times=count,
            dashed=dashed,
        )

    def _differ(self, run: Run) -> str:
        return differences(self.flow, run.turns) if len(run.turns) > 1 else ""

    def _summary(self, run: Run) -> str:
        if len(run.turns[0]) > 1:
            return ""
        texts = [summary(self.flow, turn[0]) for turn in run.turns]
        rest = texts[1:] if len(texts) > 1 and len(set(texts[1:])) == 1 else texts
        return merged(rest)

    def _instances(self, run: Run) -> str:
        """`layer1` where it is all that the list holds, else the first and the last path."""
        parent = run.first.parent
        paths = [element.path for element in run.elements]
        if parent is not None and parent is not self.scope and len(paths) > 1:
            held = {node for node in parent.nodes() if node not in self.flow.static}
            if held <= set(run.nodes):
                return self._relative(parent.path)
        first, last = self._relative(paths[0]), self._relative(paths[-1])
        return first if first == last else f"{first}{SPACE}–{SPACE}{last}"

    def _relative(self, path: str) -> str:
        return path.removeprefix(f"{self.scope.path}.") if self.scope.path else path

    # -- opened blocks

    def _opened(self, run: Run, depth: int) -> list[Item]:
        """A panel for each different copy in a row; one for the first where there are too many."""
        rows: list[list[Turn]] = []
        for turn in run.turns:
            if rows and signature(rows[-1][0]) == signature(turn):
                rows[-1].append(turn)
            else:
                rows.append([turn])
        if len(rows) <= VARIANTS:
            return [item for row in rows for item in self._panels(Run(tuple(row)), depth, "")]
        unit = group_size(self.flow, run.turns)
        varying = "" if unit > 1 else f"first of {len(run.turns)} shown{DOT}{self._differ(run)}"
        units = [
            tuple(element for turn in run.turns[i : i + unit] for element in turn)
            for i in range(0, len(run.turns), unit)
        ]
        return self._panels(Run(tuple(units)), depth, varying)

    def _panels(self, run: Run, depth: int, extra: str) -> list[Item]:
        """The first turn, opened; the nodes of the others stand for its nodes."""
        self.places.add_turns(run.turns)
        shown = run.turns[0]
        aside = DOT.join(part for part in (self._instances(run), extra) if part)
        if len(shown) == 1:
            return [self._panel(shown[0], depth, aside, len(run.turns))]
        name = f"{shown[0].path} and on"
        header = _header(name, _title(run, 1), aside, len(run.turns))
        return [Panel(name, (header, *(self._panel_or_box(element, depth) for element in shown)))]

    def _panel_or_box(self, element: Element, depth: int) -> Item:
        if element.is_block:
            return self._panel(element, depth, self._relative(element.path), 1)
        return self._ops(Run(((element,),)), False, False)

    def _panel(self, element: Element, depth: int, aside: str, times: int) -> Panel:
        scope = element.scope
        assert scope is not None
        items = self.contents(scope, depth - 1, 0, overview=False)
        dashed = all(map(in_training_only, element.moving))
        header = _header(element.path, humanise(scope.block or scope.name), aside, times)
        return Panel(element.path, (header, *items), dashed)

    # -- the rest

    def ports(self) -> tuple[list[Box], list[Box]]:
        """Boxes for what enters and what leaves."""
        flow = self.flow
        if self.scope is not flow.graph.root:
            return self._scope_ports()
        inputs = [self._port(name, f"input {name}") for name in flow.graph.inputs]
        for box, node in zip(inputs, flow.graph.inputs.values(), strict=True):
            self.places.put(node, box.name)
        outputs = []
        for name, value in flow.graph.outputs.items():
            dashed = flow.graph.output_modes.get(name) is Mode.TRAINING
            outputs.append(self._port(name, f"output {name}", dashed))
            self.places.ends.append((value, outputs[-1].name))
        return inputs, outputs

    def _scope_ports(self) -> tuple[list[Box], list[Box]]:
        inputs, outputs = [], []
        for name, value in self.scope.inputs.items():
            if value is not None:
                inputs.append(self._port(name, f"input {name}"))
                self.places.starts[value.node] = inputs[-1].name
        for name, value in self.scope.outputs.items():
            outputs.append(self._port(name, f"output {name}"))
            self.places.ends.append((value, outputs[-1].name))
        return inputs, outputs

    def _port(self, text: str, name: str, dashed: bool = False) -> Box:
        return Box(name, Style.PORT, "reshape", text, dashed=dashed)

    def _named(self, path: str, nodes: Iterable[Node]) -> str:
        for node in nodes:
            self.places.put(node, path)
        return path

    def counts(self, nodes: Iterable[Node]) -> str:
        """Parameters and MACs of these nodes, shared and tied tensors counted once."""
        parameters = macs = 0
        for node in nodes:
            macs += _number(self, node)
            if node.share is None:
                sizes = (
                    evaluate(TensorType(weight.shape).size, self.flow.sizes)
                    for name, weight in node.tensors.items()
                    if not weight.buffer and name not in node.tie
                )
                parameters += sum(sizes)
        return count_text(parameters, macs)


def _header(panel: str, title: str, aside: str, times: int) -> Box:
    return Box(f"{panel} header", Style.HEADER, "block", title, aside=aside, times=times)


def _number(maker: _Maker, node: Node) -> int:
    number = size(node.macs, maker.flow.sizes)
    return number if isinstance(number, int) else 0


def _stem(runs: Sequence[Run]) -> Run | None:
    """The one box of ops before the first block, where it holds a layer."""
    if len(runs) < 2 or not any(element.is_block for element in runs[1].elements):
        return None
    elements = runs[0].elements
    plain = not any(element.is_block for element in elements)
    return runs[0] if plain and any(element.mains for element in elements) else None


def _named_words(elements: Sequence[Element], words: Words) -> Words:
    """A block that does not begin with its layer is known by its name, as `Transition`."""
    scope = elements[0].scope
    if len(elements) > 1 or scope is None or scope.block is None or words.fields or DOT not in words.name:
        return words
    return Words(humanise(scope.block), line=words.name)


def _as_stem(box: Box, words: Words) -> Box:
    first = f"{words.name},{SPACE}{words.fields}" if words.fields else words.name
    line = DOT.join(part for part in (first, words.line) if part)
    return replace(box, title="Stem", fields="", lines=(line,))


def _title(run: Run, unit: int) -> str:
    names = [humanise(e.scope.block or e.scope.name) for e in run.turns[0] if e.is_block and e.scope is not None]
    if len(run.turns[0]) > 1:
        return f"{SPACE}+{SPACE}".join(dict.fromkeys(names))
    if unit == 1:
        return names[0]
    return f"{names[0]}{SPACE}{'pair' if unit == 2 else f'group of {unit}'}"


def _notes(run: Run) -> list[str]:
    found = {e.scope.note for e in run.elements if e.scope is not None and e.scope.note}
    return sorted(found)


def _block_paint(nodes: Sequence[Node]) -> str:
    return paint_of(Kind.ATTENTION if any(n.op.kind is Kind.ATTENTION for n in nodes) else None)


def _first_kind(moving: Sequence[Node]) -> Kind:
    spoken = [node for node in moving if not is_silent(node)] or list(moving)
    return spoken[0].op.kind
