"""What a figure of volumes shows: the boxes of an overview, each as the values that it makes, by their sizes.

A box of layers is the value after each of them, as far as all that flows comes through there; with the activation
behind it, which does not change its size. A repeat of blocks is what the last one makes. What is concatenated is the
parts beside each other. Which values there are is decided by who reads whom, never by names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from archdsl.figure.boxes import legible
from archdsl.figure.colours import coloured, kinds_in, own_in
from archdsl.figure.errors import DrawingError
from archdsl.figure.extents import ExtentForm, Extents, SampleExtent
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Style
from archdsl.figure.flow import Flow, is_main, read_by
from archdsl.figure.outline import outline
from archdsl.figure.palette import paint_of
from archdsl.figure.paths import block_at
from archdsl.figure.ports import entering
from archdsl.figure.theme import OWN
from archdsl.figure.view import View
from archdsl.ir.graph import Graph, Node, ScopeKind, Value
from archdsl.ir.scopes import scopes_around
from archdsl.ops.activation import Activation
from archdsl.ops.base import Kind
from archdsl.ops.combine import Cat
from archdsl.words.quantities import SPACE

LAYERS: Final = 8
"""A box of more layers than this is what comes out of it."""
PARTS: Final = 6
"""What is joined of more parts is one volume."""
MOST: Final = 120
"""A figure with more boxes is none that anyone reads."""
INPUT, OUTPUT = f"input{SPACE}", f"output{SPACE}"
"""How names of boxes of what enters and of what leaves begin."""
_THROUGH: Final = (Style.HEADER, Style.FORK, Style.TRACK, Style.LOOP)
"""Boxes that links only run through."""


@dataclass(frozen=True)
class Volume:
    """A value, as large as one sample of it is."""

    value: Value
    extent: SampleExtent
    paint: str
    banded: bool = False
    """Whether an activation comes last."""
    slab: bool = False
    """Whether it was pooled or resized: thin, however many channels it has."""
    joined: bool = False
    """Whether it is one value with the volume before it: their channels were concatenated."""


@dataclass(frozen=True)
class VolumeFigure:
    """A figure without panels and lanes, and what stands in the place of its boxes."""

    figure: Figure
    volumes: Mapping[str, tuple[Volume, ...]]
    """By the name of a box; text and signs have none."""
    apart: frozenset[str]
    """Boxes whose volumes are several results, and no layers one after another."""
    read: Mapping[tuple[str, str], int]
    """By source and target of a link from one of these, the number of the volume that it carries, where it is one."""


def volume_figure(graph: Graph, view: View) -> VolumeFigure:
    """The volumes of a graph, or of the block that the view names. Raises DrawingError."""
    flow = Flow(graph, view=view)
    figure = _direct(outline(graph, replace(view, direction="TB"), flow=flow))
    boxes = list(figure.boxes())
    maker = _Maker(flow, boxes)
    found = {box.name: each for box in boxes if (each := maker.volumes(box))}
    figure = _without_followers(figure, found)
    drawn = sum(1 for _ in figure.boxes())
    if drawn > MOST:
        raise DrawingError(f"there are {drawn} boxes to draw as volumes, expected at most {MOST}", "open fewer blocks")
    if view.colour_by != "op":
        figure = coloured(graph, [figure], view)[0]
        paints = {box.name: box.paint for box in figure.boxes()}
        found = {name: tuple(replace(each, paint=paints[name]) for each in volumes) for name, volumes in found.items()}
    else:
        own = {box.name: box.paint for box in figure.boxes() if box.paint.startswith(OWN)}
        found |= {name: tuple(replace(each, paint=own[name]) for each in found[name]) for name in own.keys() & found}
    if view.colour_by == "op" and (view.legend or view.theme.legend):
        used = {each.paint for volumes in found.values() for each in volumes}
        figure = replace(figure, legend=(*own_in(graph, used, view.theme), *kinds_in(used)))
    read = {
        (link.source, link.target): number
        for link in figure.links
        if link.source in maker.apart and (number := maker.read(link, found[link.source])) is not None
    }
    return VolumeFigure(figure, found | _given(flow, view, maker.extents), frozenset(maker.apart), read)


def _given(flow: Flow, view: View, extents: Extents) -> dict[str, tuple[Volume, ...]]:
    """What enters, by the name of its box."""
    if view.only is None:
        values = {name: Value(node, 0, node.types[0]) for name, node in flow.graph.inputs.items()}
    else:
        scope = block_at(flow.graph, view.only)
        values = dict(entering(flow, scope, list(scope.nodes())))
    return {
        f"{INPUT}{legible(name)}": (Volume(value, extents.of(value), paint_of(Kind.RESHAPE)),)
        for name, value in values.items()
    }


# --- boxes and links ---------------------------------------------------------------------------------


def _direct(figure: Figure) -> Figure:
    """The figure's boxes in a row, with links from one to the other alone."""
    through = {box.name for box in figure.boxes() if box.style in _THROUGH}
    links: dict[tuple[str, str], Link] = {}
    into: dict[str, list[Link]] = {}
    for link in figure.links:
        into.setdefault(link.target, []).append(link)
    for link in figure.links:
        if link.target in through or link.role in (LinkRole.LOOP, LinkRole.GONE):
            continue
        for source, role in _sources(link, into, through):
            known = links.setdefault((source, link.target), replace(link, source=source, role=role))
            if known.bypasses and not role_bypasses(role):
                links[source, link.target] = replace(known, role=role)
    boxes = tuple(box for box in figure.boxes() if box.name not in through)
    return replace(figure, items=boxes, links=tuple(map(_given_role, links.values())), rows=())


def _given_role(link: Link) -> Link:
    """What enters the network is no skip, whatever it goes past."""
    return replace(link, role=LinkRole.BRANCH) if link.source.startswith(INPUT) and link.bypasses else link


def _sources(
    link: Link, into: Mapping[str, Sequence[Link]], through: Collection[str]
) -> Iterator[tuple[str, LinkRole]]:
    """The boxes that a link comes from, past those that it only runs through, each with what the link is."""
    if link.source not in through:
        yield link.source, link.role
        return
    for before in into.get(link.source, ()):
        if before.role not in (LinkRole.LOOP, LinkRole.GONE):
            joined = replace(before, role=before.role if before.bypasses else link.role)
            yield from _sources(joined, into, through)


def role_bypasses(role: LinkRole) -> bool:
    """Whether links of this role go past boxes."""
    return role in (LinkRole.SKIP, LinkRole.PAST)


def _without_followers(figure: Figure, volumes: dict[str, tuple[Volume, ...]]) -> Figure:
    """The figure without the boxes of norms and activations alone that follow a layer: they are seen on its volume."""
    links = list(figure.links)
    gone: set[str] = set()
    for box in figure.boxes():
        into = [link for link in links if link.target == box.name]
        before = into[0].source if len(into) == 1 else ""
        after = [link for link in links if link.source == before]
        if box.style is not Style.OP or len(after) != 1 or not _follows(volumes.get(before), volumes.get(box.name)):
            continue
        layer, (own,) = volumes[before], volumes.pop(box.name)
        banded = layer[-1].banded or isinstance(own.value.node.op, Activation)
        volumes[before] = (*layer[:-1], replace(layer[-1], value=own.value, banded=banded))
        gone.add(box.name)
        kept = [link for link in links if link not in into]
        links = [replace(link, source=before) if link.source == box.name else link for link in kept]
    return replace(figure, items=tuple(box for box in figure.boxes() if box.name not in gone), links=tuple(links))


def _follows(layer: tuple[Volume, ...] | None, own: tuple[Volume, ...] | None) -> bool:
    """Whether what a box makes is what a layer made, normalised or activated."""
    paints = (paint_of(Kind.NORM), paint_of(Kind.ACTIVATION))
    if not layer or own is None or len(own) != 1 or own[0].paint not in paints or layer[-1].joined:
        return False
    return own[0].extent == layer[-1].extent and layer[-1].paint not in (paint_of(Kind.RESHAPE), *paints)


# --- volumes -----------------------------------------------------------------------------------------


class _Maker:
    def __init__(self, flow: Flow, boxes: Sequence[Box]) -> None:
        self._flow = flow
        self.extents = Extents(flow)
        self.apart: set[str] = set()
        """Boxes from which several values of other sizes come."""
        self._nodes: dict[str, list[Node]] = {path: [] for box in boxes for path in box.holds}
        self._held = {box.name: box.holds for box in boxes}
        self._blocks: set[str] = set()
        for node in flow.moving(flow.graph.nodes):
            self._note(node)
        self._open = not any(self._is_block(box) and len(box.holds) > 1 for box in boxes)
        """Whether blocks are shown by their layers: none is a repeat of others."""

    def _note(self, node: Node) -> None:
        if node.path in self._nodes:
            self._nodes[node.path].append(node)
        for scope in scopes_around(node):
            if scope.path in self._nodes:
                self._nodes[scope.path].append(node)
                if scope.kind is ScopeKind.BLOCK:
                    self._blocks.add(scope.path)

    def _is_block(self, box: Box) -> bool:
        """Whether it is a card of blocks, and not one of layers: these have the colour of their kind."""
        kinds = (paint_of(None), paint_of(Kind.ATTENTION))
        return box.paint in kinds and any(path in self._blocks for path in box.holds)

    def volumes(self, box: Box) -> tuple[Volume, ...]:
        """What a box makes; none where it is text or a sign."""
        nodes = self._shown(box)
        if not nodes or box.style is Style.PORT:
            return ()
        if box.style is Style.MERGE and not isinstance(nodes[-1].op, Cat):
            return ()
        found = list(self._stages(nodes))
        whole = len(found) > LAYERS or (self._is_block(box) and not self._open)
        paint = paint_of(self._kind(nodes))
        leaving = {self.extents.of(value): value for value in self._leaving(nodes)}
        if 1 < len(leaving) <= PARTS:
            self.apart.add(box.name)
            return tuple(Volume(value, extent, paint) for extent, value in leaving.items())
        shown = [replace(found[-1], paint=paint, slab=found[-1].slab and len(found) == 1)] if whole else found
        return tuple(part for stage in shown for part in self._parts(stage, nodes))

    def _shown(self, box: Box) -> list[Node]:
        """The nodes of the copy that is shown: the last one."""
        each = 1 if self._is_block(box) else max(1, len(box.holds) // box.times)
        return self._flow.moving({node for path in box.holds[-each:] for node in self._nodes[path]})

    def _leaving(self, nodes: Sequence[Node]) -> Iterator[Value]:
        """The values of these nodes that others read, or that leave the network."""
        inside = set(nodes)
        outside = dict.fromkeys(reader for node in nodes for reader in self._flow.readers[node] if reader not in inside)
        read = [value for reader in outside for value in read_by(reader)]
        results = self._flow.graph.outputs.values() if self._flow.results & inside else ()
        found = map(self._flow.resolve, (*read, *results))
        yield from (value for value in found if value.node in inside and value.weight is None)

    def read(self, link: Link, volumes: Sequence[Volume]) -> int | None:
        """The number of the one volume of its source that a link carries; None where it carries several."""
        nodes = (node for path in self._held[link.target] for node in self._nodes[path])
        values = [value for node in nodes for value in read_by(node)]
        ends = (value for name, value in self._flow.graph.outputs.items() if link.target == f"{OUTPUT}{legible(name)}")
        inside = {node for path in self._held[link.source] for node in self._nodes[path]}
        read = {self.extents.of(value) for value in map(self._flow.resolve, (*values, *ends)) if value.node in inside}
        numbers = [number for number, volume in enumerate(volumes) if volume.extent in read]
        return numbers[0] if len(numbers) == 1 else None

    # --- layer by layer ------------------------------------------------------------------------------

    def _stages(self, nodes: Sequence[Node]) -> Iterator[Volume]:
        """The value after each layer, with what works on it without changing its size.

        What makes no other numbers, or only prepares them, is none where a layer follows it.
        """
        current: Volume | None = None
        passing = False
        for segment in _segments(self._flow, nodes):
            last = segment[-1]
            value = Value(last, 0, last.types[0])
            extent = self.extents.of(value)
            layer = any(is_main(node) or node.op.kind is Kind.POOL for node in segment)
            if current is not None and not layer and _is_kept(current.extent, extent):
                if extent == current.extent:
                    banded = current.banded or any(isinstance(node.op, Activation) for node in segment)
                    current = replace(current, value=value, banded=banded)
                continue
            if current is not None and not passing:
                yield current
            before, current = current, self._volume(segment, value, extent)
            passing = not layer and (before is None or all(node.op.silent for node in segment))
            if not layer and before is not None:
                current = replace(current, paint=before.paint)
        if current is not None:
            yield current

    def _volume(self, segment: Sequence[Node], value: Value, extent: SampleExtent) -> Volume:
        kind = self._kind(segment)
        banded = isinstance(segment[-1].op, Activation) and kind is not Kind.ACTIVATION
        return Volume(value, extent, paint_of(kind), banded, kind is Kind.POOL)

    def _kind(self, segment: Sequence[Node]) -> Kind:
        """Of a segment's layers the most frequent kind; attention, where there is any."""
        kinds = Counter(self._flow.kind(node) for node in segment if is_main(node))
        if Kind.ATTENTION in kinds:
            return Kind.ATTENTION
        if kinds:
            return kinds.most_common(1)[0][0]
        if any(node.op.kind is Kind.POOL for node in segment):
            # what is pooled or resized, and added to something else, is a merge
            return Kind.RESHAPE if any(len(self._flow.sources[node]) > 1 for node in segment) else Kind.POOL
        spoken = [node for node in segment if self._flow.is_spoken(node)] or list(segment)
        return self._flow.kind(spoken[0])

    # --- what is joined ------------------------------------------------------------------------------

    def _joined(self, node: Node) -> list[tuple[Value, SampleExtent]]:
        """What a node joins by their channels; nothing where it does not, or where that is too much."""
        if not isinstance(node.op, Cat):
            return []
        read = [self._flow.resolve(value) for value in read_by(node)]
        parts = [(value, self.extents.of(value)) for value in read]
        channels = self.extents.of(Value(node, 0, node.types[0])).channels
        known = 1 < len(parts) <= PARTS and sum(extent.channels for _, extent in parts) == channels
        return parts if known else []

    def _parts(self, stage: Volume, nodes: Sequence[Node]) -> Iterator[Volume]:
        """The volume; where channels were joined, and nothing was done to them behind that, their parts."""
        parts = self._joined(stage.value.node)
        if not parts:
            yield stage
        inside = set(nodes)
        for value, extent in parts:
            yield Volume(value, extent, self._made_by(value.node, inside), joined=value is not parts[0][0])

    def _made_by(self, node: Node, inside: set[Node]) -> str:
        """The paint of the layer inside that a value comes from, through what is done to it; another from outside."""
        while node in inside and not (is_main(node) or node.op.kind is Kind.POOL):
            sources = self._flow.sources[node]
            if len(sources) != 1:
                break
            node = sources[0]
        return paint_of(self._flow.kind(node) if node in inside else None)


def _is_kept(before: SampleExtent, after: SampleExtent) -> bool:
    """Whether a value has the size of the one before, or is it as a vector, for what comes behind."""
    return after == before or (after.form is ExtentForm.VECTOR and before.form is not ExtentForm.VECTOR)


def _segments(flow: Flow, nodes: Sequence[Node]) -> Iterator[list[Node]]:
    """Stretches of nodes in running order that end where all that flows comes through one node."""
    places = {node: place for place, node in enumerate(nodes)}
    # what comes from outside flows past all nodes up to the last that reads it
    outside = (place for node, place in places.items() if any(source not in places for source in flow.sources[node]))
    reach = max(outside, default=-1)
    segment: list[Node] = []
    for place, node in enumerate(nodes):
        segment.append(node)
        if reach <= place:
            yield segment
            segment = []
        reach = max([reach, *(places.get(reader, -1) for reader in flow.readers[node])])
    if segment:
        yield segment
