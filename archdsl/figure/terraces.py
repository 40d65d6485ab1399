"""Networks whose parts stand at levels: an encoder with its decoder, drawn as a U.

The parts of such an overview are those of one level and one side, so that every link across joins two boxes at one
height. Blocks that give or take maps of several levels, as a backbone, are opened for that.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence, Set
from dataclasses import dataclass
from fractions import Fraction
from itertools import groupby, pairwise
from typing import Final

from archdsl.figure.elements import Element, elements_of
from archdsl.figure.flow import Flow, read_by, shape_of
from archdsl.figure.grouping import PLANS, group, grouped
from archdsl.figure.pyramids import GridCell, pyramid_of
from archdsl.figure.repeats import Run
from archdsl.figure.slopes import Standing, Terrace, Tread, u_of
from archdsl.figure.wording import block_name
from archdsl.ir.graph import Node, Scope, Value
from archdsl.ir.scopes import scopes_around
from archdsl.ir.selection.levels import Level, MadeKey, levels
from archdsl.ops.base import Kind
from archdsl.shapes import Shape

RANK: Final = 3
"""A row of samples with channels has so many dimensions, with the batch; other images have more."""
LARGER: Final = 1.5
"""By how much a map grows at least where it is made larger."""
GIVEN: Final = 2
"""A block that gives maps of so many levels is opened."""
TAKEN: Final = 3
"""And one that takes maps of so many: two are the map from below and the one that is joined with it."""
PARTS: Final = 2
"""Boxes with blocks that stand on one side of a level; where they would be more they are one."""
OPS: Final = 4
"""And where they are ops alone, of which one box would say less."""
MOST: Final = 40
"""Boxes of a whole figure."""


@dataclass(frozen=True)
class Terraces:
    """The parts of an overview with their places."""

    runs: tuple[Run, ...]
    places: tuple[Terrace, ...] = ()
    """Of each run of a U."""
    cells: tuple[GridCell, ...] = ()
    """Of each run of a pyramid."""


def parts_of(flow: Flow, scope: Scope, coarser: int = 0) -> tuple[list[Run], Terraces | None]:
    """The parts of an overview of this scope, with their places where it is drawn at levels."""
    found = None if coarser else terraces(flow, scope)
    return (list(found.runs), found) if found is not None else (group(flow, scope, coarser), None)


def terraces(flow: Flow, scope: Scope) -> Terraces | None:
    """The levels of a scope; None where it has none, or where the view asks for something else."""
    view = flow.view
    if not view.terraced or view.direction != "TB" or view.expand or view.collapse or flow.marks is not None:
        return None
    if flow.theme.groups:
        return None
    if scope not in flow.terraces:
        flow.terraces[scope] = _found_terraces(flow, scope) if _rises(flow) else None
    return flow.terraces[scope]


def _found_terraces(flow: Flow, scope: Scope) -> Terraces | None:
    maps = _Maps(flow)
    elements = _opened(flow, scope, maps, set())
    if (found := _found(flow, elements, maps)) is not None:
        return found
    deep = {each.scope for each in elements if each.is_block and each.scope is not None and maps.is_deep(each)}
    return _found(flow, _opened(flow, scope, maps, deep), maps) if deep else None


def _found(flow: Flow, elements: Sequence[Element], maps: _Maps) -> Terraces | None:
    found = u_of(maps.steps(elements))
    return _u(flow, elements, found) if found is not None else _pyramid(flow, elements, maps)


def _rises(flow: Flow) -> bool:
    """Whether any op makes a map larger: a quick look, because most networks never do."""
    rank = _rank(flow)
    if rank < RANK:
        return False
    known: set[tuple[Shape, ...]] = set()
    for node in flow.graph.nodes:
        shapes = (node.types[0].shape, *(value.type.shape for value in node.inputs if value is not None))
        if node not in flow.static and len(shapes[0]) >= rank and shapes not in known:
            known.add(shapes)
            made, *read = map(flow.numbers, shapes)
            given = [each for each in read if len(each) >= rank]
            if given and all(_is_larger(before, made) for before in given):
                return True
    return False


def _rank(flow: Flow) -> int:
    """How many dimensions an image has at least: those of sound, unless what enters the network has more."""
    types = (node.types[0] for node in flow.graph.inputs.values())
    return min(max((len(each.shape) for each in types if each.dtype == "float32"), default=0), RANK + 1)


def _is_larger(before: Sequence[int], after: Sequence[int]) -> bool:
    """Whether all sizes but those of the channels have grown, by more than a border, and the batch is the same."""
    same = len(before) == len(after) and before[:1] == after[:1]
    return same and sum(new >= LARGER * old for old, new in zip(before, after, strict=True)) >= len(after) - 2


def _pyramid(flow: Flow, elements: Sequence[Element], maps: _Maps) -> Terraces | None:
    runs = list(_with_layers(flow, grouped(flow, elements, PLANS[0])))
    if len(runs) > MOST:
        return None
    wholes = [Element(tuple(run.nodes), tuple(flow.moving(run.nodes)), None, False) for run in runs]
    ends = {i for i, run in enumerate(runs) if flow.results & set(run.nodes)}
    plain = {i for i, run in enumerate(runs) if not any(each.is_block or each.mains for each in run.elements)}
    cells = pyramid_of(maps.steps(wholes), [_kind(run) for run in runs], ends, plain)
    return Terraces(tuple(runs), cells=tuple(cells)) if cells is not None else None


def _with_layers(flow: Flow, runs: Sequence[Run]) -> Iterator[Run]:
    """The runs, an activation without a layer joined with the layer behind it, where that alone reads it."""
    held: Run | None = None
    for run in runs:
        if held is not None and flow.readers_outside(held.nodes) <= set(run.nodes) and _is_layer(run):
            held = Run(((*held.elements, *run.elements),))
        else:
            yield from (held,) if held is not None else ()
            held = run
        if any(element.is_block or element.mains or element.moving[0].op.kind is not Kind.ACTIVATION
               for element in held.elements):  # fmt: skip
            yield held
            held = None
    yield from (held,) if held is not None else ()


def _is_layer(run: Run) -> bool:
    return len(run.turns) == 1 and not any(element.is_block for element in run.elements) and run.first.mains > 0


def _kind(run: Run) -> Hashable:
    """What runs have in common that do the same to maps of several sizes."""
    return tuple(
        block_name(element) if element.is_block else tuple(repr(node.op) for node in element.moving)
        for element in run.turns[0]
    )


def _u(flow: Flow, elements: Sequence[Element], found: Sequence[Standing]) -> Terraces | None:
    rows = sorted({each.level for each in found if each.level is not None})
    runs: list[Run] = []
    places: list[Terrace] = []
    pairs = zip(elements, _with_ends(elements, found), strict=True)
    for (standing, _), stretch in groupby(pairs, lambda pair: (pair[1], flow.theme.mark(pair[0].path))):
        row = rows.index(standing.level) if standing.level is not None else 0
        joined = _joined(flow, [element for element, _ in stretch], standing.core)
        runs += joined
        places += [Terrace(standing.side, row, standing.core)] * len(joined)
    return Terraces(tuple(runs), tuple(places)) if len(runs) <= MOST else None


def _with_ends(elements: Sequence[Element], found: Sequence[Standing]) -> list[Standing]:
    """The places; what is before the first link across belongs to its level, and a layer to the op before it."""
    made = list(found)
    for i in range(len(made) - 2, -1, -1):
        if made[i] == made[i + 1]._replace(core=False):
            made[i] = made[i + 1]
    for i in range(1, len(made)):
        before = elements[i - 1]
        if made[i] == made[i - 1]._replace(core=False) and not (before.is_block or before.mains):
            made[i] = made[i - 1]
    return made


def _joined(flow: Flow, elements: Sequence[Element], core: bool) -> list[Run]:
    """The boxes of elements that follow each other on one side of a level."""
    most = (
        1 if not core and _in_a_row(flow, elements) else PARTS if any(element.is_block for element in elements) else OPS
    )
    for plan in PLANS[:2]:
        runs = grouped(flow, elements, plan)
        if len(runs) <= most:
            return runs
    equal = all(element.is_block for element in elements) and len(set(map(block_name, elements))) == 1
    whole = None if equal else _whole(flow, elements)
    return [Run(((whole,),)) if whole is not None else Run((tuple(elements),))]


def _in_a_row(flow: Flow, elements: Sequence[Element]) -> bool:
    """Whether each element but the first reads the one before it, which nothing else reads."""
    return all(flow.readers_outside(before.nodes) <= set(after.nodes) for before, after in pairwise(elements))


def _whole(flow: Flow, elements: Sequence[Element]) -> Element | None:
    """A scope with a name that has these elements and no others."""
    moving = tuple(node for element in elements for node in element.moving)
    for scope in scopes_around(moving[0]):
        held = flow.moving(scope.nodes())
        if len(held) > len(moving) or scope.scope is None:
            return None
        if held == list(moving) and not scope.name.isdigit():
            nodes = sorted(scope.nodes(), key=flow.order.__getitem__)
            return Element(tuple(nodes), moving, scope, True)
    return None


# --- levels ----------------------------------------------------------------------------------


class _Maps:
    """The levels of a graph's values."""

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._leaving = [flow.resolve(value) for value in flow.graph.outputs.values()]
        maps, last = levels(flow.graph, _rank(flow))
        self._maps: dict[MadeKey, Level] = maps
        self._last: dict[MadeKey, Level] = last

    def level(self, value: Value) -> Fraction | None:
        """Of a value, or of the map that it was made of last."""
        key = value.node, value.output
        found = self._maps.get(key) or self._last.get(key)
        return found.reduction if found is not None else None

    def steps(self, elements: Sequence[Element]) -> list[Tread]:
        """The elements as the search sees them."""
        owner = {node: i for i, element in enumerate(elements) for node in element.nodes}
        found = []
        for i, element in enumerate(elements):
            reads: dict[int, Fraction | None] = {}
            for value, level in self._read(element):
                source = owner.get(value.node)
                if source is not None and source != i:
                    reads[source] = level if level is not None else reads.get(source)
            found.append(Tread(self._made(element), reads))
        return _led(self._flow, elements, found)

    def _read(self, element: Element) -> Iterator[tuple[Value, Fraction | None]]:
        """What moves into an element, each with its level where what reads it makes a map of the same one."""
        for node in element.moving:
            met = self.level(Value(node, 0, node.types[0]))
            for value in map(self._flow.resolve, read_by(node)):
                if self._flow.moves(value):
                    level = self.level(value)
                    yield value, level if level == met else None

    def _made(self, element: Element) -> Fraction | None:
        """The level of what an element makes; of no map, that of the maps that it reads, where they have one."""
        last = element.moving[-1]
        if (last, 0) not in self._maps:
            inside = set(element.nodes)
            read = {self.level(value) for value, _ in self._read(element) if value.node not in inside} - {None}
            if len(read) > 1:
                return None
        return self.level(Value(last, 0, last.types[0]))

    def _given(self, inside: Set[Node]) -> Iterator[Value]:
        """What is read of these nodes from outside, or leaves the network."""
        yield from (value for value in self._leaving if value.node in inside)
        outside = {reader for node in inside for reader in self._flow.readers[node] if reader not in inside}
        for reader in outside - self._flow.static:
            yield from (value for value in map(self._flow.resolve, read_by(reader)) if value.node in inside)

    def is_spread(self, element: Element) -> bool:
        """Whether a block gives or takes maps of several levels."""
        inside = set(element.nodes)
        given = {self.level(value) for value in self._given(inside)} - {None}
        taken = {self.level(value) for value, _ in self._read(element) if value.node not in inside} - {None}
        return len(given) >= GIVEN or len(taken) >= TAKEN

    def is_deep(self, element: Element) -> bool:
        """Whether a block goes down to coarser maps than it takes, and comes up again."""
        made = [self.level(Value(node, 0, node.types[0])) for node in element.moving]
        inside = set(element.nodes)
        taken = [self.level(value) for value, _ in self._read(element) if value.node not in inside]
        found = [level for level in made if level is not None]
        return bool(found) and made[-1] is not None and max(found) > max(made[-1], *(each or 0 for each in taken), 0)


def _led(flow: Flow, elements: Sequence[Element], steps: Sequence[Tread]) -> list[Tread]:
    """The steps, what pads a map at the level of the one step that reads it."""
    led = list(steps)
    for i, element in enumerate(elements):
        readers = [j for j in range(i + 1, len(steps)) if i in steps[j].reads]
        own, read = steps[i].level, steps[readers[0]].level if len(readers) == 1 else None
        shapes = {shape_of(node) for node in (*flow.read_from_outside(element.nodes), *element.moving)}
        if own is not None and read is not None and not (element.is_block or element.mains) and len(shapes) > 1:
            led[i] = led[i]._replace(level=max(own, read))
    return led


def _opened(flow: Flow, scope: Scope, maps: _Maps, through: set[Scope]) -> list[Element]:
    """The elements of a scope, without the blocks in `through` and those that maps of several levels go through."""
    while True:
        elements = elements_of(flow, scope, through=through)
        closed = (each for each in elements if each.is_block and maps.is_spread(each))
        spread = {each.scope for each in closed if each.scope is not None and each.scope.scan is None}
        if not spread:
            return elements
        through |= spread
