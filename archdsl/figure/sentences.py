"""The line of a card: which layers a block has, in the order and side by side as they run.

A sentence is read off the block's elements that tell something (layers, pools, joins of several ways). What all
paths go through stands in a row; what stands between two of these makes ways side by side. Where that cannot be
said, or would be too long, the layers are counted, so that none is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from archdsl.figure.elements import Element, elements_of
from archdsl.figure.flow import Flow, is_main, shape_of
from archdsl.figure.given import op_title
from archdsl.figure.projections import is_linear
from archdsl.figure.saying import MOST, Abreast, Counted, Sentence, Word, counted, length
from archdsl.figure.wording import block_name
from archdsl.ir.graph import Node, Value
from archdsl.ops.base import Kind
from archdsl.ops.combine import Cat, Stack
from archdsl.ops.pool import AdaptivePool, Pool
from archdsl.ops.special import Formula
from archdsl.words.naming import FLOW, Title
from archdsl.words.quantities import SPACE

SEARCHED: Final = 60
"""In a block with more elements that tell something, these are counted at once."""
GATED: Final = f",{SPACE}gated"
WAYS: Final = 3
"""Of so many ways the join is told, too."""


def sentence(flow: Flow, element: Element) -> Sentence:
    """The layers of a block."""
    assert element.scope is not None
    net = _Net(flow, elements_of(flow, element.scope))
    mains = [node for node in element.moving if is_main(node)]
    if mains and not any(each.mains for each in net.told):
        return (Counted(counted([op_title(flow, node) for node in mains])),)
    for within in (True, False):
        found = net.sentence(within=within) if len(net.told) <= SEARCHED else None
        if found is not None and length(found) <= MOST:
            return found
    return (Counted(counted(net.titles())),)


class _Layer(NamedTuple):
    """A linear layer, or two equal ones side by side."""

    title: Title
    read: int
    made: int
    gated: bool = False
    """Whether what it reads was multiplied with another part of what the one before it made."""
    copies: int = 1


class _Region(NamedTuple):
    """What stands between two elements that all paths go through."""

    abreast: Abreast
    elements: Sequence[Element]


class _Net:
    """The elements of a block that tell something, and which of them follow which."""

    def __init__(self, flow: Flow, inner: Sequence[Element]) -> None:
        self._flow = flow
        self._owner = {node: element for element in inner for node in element.nodes}
        self._within = True
        self.told: list[Element] = []
        self._knots: list[Element] = []
        """Those that are told and those that join ways of them."""
        self._above: dict[Element, set[Element]] = {}
        """For each knot all of those before it."""
        self._nearest: dict[Element, frozenset[Element]] = {}
        """For every element the knots that lead to it by way of none."""
        self._joined: dict[Element, bool] = {}
        """Whether values are joined between an element and the nearest before it that are told."""
        self._gated: dict[Element, bool] = {}
        """Whether two values of these are multiplied there."""
        for element in inner:
            self._add(element)

    def _add(self, element: Element) -> None:
        sources = self._sources(element)
        silent = [source for source in sources if source not in self.told]
        near = frozenset(found for source in sources for found in self._seen(source))
        several = len(set(self._flow.sources[element.moving[0]])) > 1
        self._joined[element] = several or any(self._joined[source] for source in silent)
        self._gated[element] = _is_gate(self._flow, element) or any(self._gated[source] for source in silent)
        self._nearest[element] = near
        if _tells(element) or (_joins(element) and len(near) >= WAYS):
            self.told.append(element)
        if len(near) > 1 or element in self.told[-1:]:
            self._knots.append(element)
            self._above[element] = {each for found in near for each in (found, *self._above[found])}

    def _sources(self, element: Element) -> list[Element]:
        read = self._flow.read_from_outside(element.nodes)
        return list(dict.fromkeys(self._owner[node] for node in read if node in self._owner))

    def _seen(self, source: Element) -> frozenset[Element]:
        return frozenset((source,)) if source in self._above else self._nearest[source]

    def titles(self) -> list[Title]:
        """What each element tells, but for joins."""
        return [title for each in self.told if _tells(each) for title in _parts(self._flow, each)]

    def sentence(self, *, within: bool) -> Sentence | None:
        """All of it; None where ways cross, even with what joins them as a place where they meet.

        `within`: of a way whose only layers are one block's, what that block does.
        """
        self._within = within
        found = self._of(self.told)
        return found if found is not None else self._of(self._knots)

    def _of(self, found: Sequence[Element]) -> Sentence | None:
        """A sentence of some elements, in running order."""
        row: list[Element | _Region] = []
        for is_passed, stretch in groupby(found, lambda element: self._is_passed(element, found)):
            if is_passed:
                row += stretch
            elif (region := self._region(list(stretch))) is None:
                return None
            else:
                row.append(region)
        told = [item for item in row if isinstance(item, _Region) or item in self.told]
        layered = [item for item in told if isinstance(item, _Region) or item.mains]
        sole = layered[0] if len(layered) == 1 else None
        if isinstance(sole, Element) and sole.is_block and (self._within or len(told) == len(self.told)):
            return tuple(word for item in told for word in self._opened(item, sole))
        return tuple(self._words(told))

    def _opened(self, item: Element | _Region, sole: Element) -> Sentence:
        inner = sentence(self._flow, sole) if item is sole else ()
        is_short = inner and (len(inner) > 1 or not isinstance(inner[0], Abreast) or len(self.told) == 1)
        return inner if is_short else tuple(self._words([item]))

    def _is_passed(self, element: Element, found: Sequence[Element]) -> bool:
        """Whether all paths through some elements go through this one."""
        above = self._above[element]
        return all(each is element or each in above or element in self._above[each] for each in found)

    def _region(self, found: Sequence[Element]) -> _Region | None:
        """The ways between which no path changes; None where there are no such."""
        parts = self._parted(found)
        if len(parts) == 1:
            return None
        ways: list[Sentence] = []
        for part in parts:
            way = self._of(part)
            if way is None:
                return None
            ways.append(way)
        return _Region(Abreast(tuple(way for way in ways if way)), found)

    def _parted(self, found: Sequence[Element]) -> list[list[Element]]:
        """The elements in parts that nothing joins, in running order."""
        parts: list[list[Element]] = []
        for element in found:
            linked = [part for part in parts if not self._above[element].isdisjoint(part)]
            parts = [part for part in parts if part not in linked]
            parts.append([*(each for part in linked for each in part), element])
        place = {element: i for i, element in enumerate(found)}
        return sorted((sorted(part, key=place.__getitem__) for part in parts), key=lambda part: place[part[0]])

    def _words(self, row: Sequence[Element | _Region]) -> Iterator[Word]:
        """The row, linear layers that hand on what they make together: `768 → 3072 → 768`."""
        held: list[_Layer] = []
        for place, item in enumerate(row):
            layer = self._layer(item, row[place + 1 : place + 2])
            if held and (layer is None or not self._goes_on(held[-1], layer, item)):
                yield _together(held)
                held = []
            if layer is not None:
                held.append(layer)
            elif isinstance(item, _Region):
                yield from _words_of(item.abreast)
            else:
                yield from _parts(self._flow, item)
        if held:
            yield _together(held)

    def _layer(self, item: Element | _Region, after: Sequence[Element | _Region]) -> _Layer | None:
        """The linear layer that an item is, or the two equal ones of which one gates the other."""
        if isinstance(item, Element):
            found = _layer_of(self._flow, item)
            return found._replace(gated=self._gated[item]) if found is not None else None
        layers = [_layer_of(self._flow, each) for each in item.elements if each in self.told]
        is_gate = len(layers) == 2 and any(isinstance(each, Element) and self._gated[each] for each in after)
        return layers[0]._replace(copies=2) if is_gate and layers[0] is not None and layers[0] == layers[1] else None

    def _goes_on(self, before: _Layer, after: _Layer, item: Element | _Region) -> bool:
        """Whether a layer reads what the one before it made and nothing else, or the product of its parts."""
        if isinstance(item, _Region):
            return False
        return before.made % after.read == 0 if after.gated else before.made == after.read and not self._joined[item]


def _tells(element: Element) -> bool:
    """Whether a line tells it: a layer, a pool, or a choice of the largest."""
    return element.mains > 0 or any(
        node.op.chooses or isinstance(node.op, Pool | AdaptivePool) for node in element.moving
    )


def _joins(element: Element) -> bool:
    return element.scope is None and isinstance(element.moving[-1].op, Cat | Stack)


def _is_gate(flow: Flow, element: Element) -> bool:
    """Whether two values that move are multiplied, one of them perhaps through an activation."""
    node = element.moving[-1]
    if not isinstance(node.op, Formula) or getattr(node.op.expression, "sign", None) != "*":
        return False
    given = [flow.resolve(value) for value in node.inputs if value is not None]
    return len({(value.node, value.output) for value in given if value.node not in flow.static}) > 1


def _words_of(abreast: Abreast) -> Iterator[Word]:
    """The ways side by side; what stands on the only one that tells something."""
    if len(abreast.ways) > 1:
        yield abreast
    else:
        yield from (word for way in abreast.ways for word in way)


def _layer_of(flow: Flow, element: Element) -> _Layer | None:
    node = next((node for node in element.moving if is_main(node)), None)
    alone = not any(map(_speaks, element.moving))
    if element.is_block or not alone or node is None or not is_linear(flow, node):
        return None
    read = node.inputs[0]
    return _Layer(op_title(flow, node), _width(flow, read), _width(flow, node)) if read is not None else None


def _width(flow: Flow, what: Node | Value) -> int:
    return flow.numbers(shape_of(what))[-1]


def _together(layers: Sequence[_Layer]) -> Title:
    """`Linear 768 → 3072 → 768`, `Linear 512 → 2 × 1024 → 512, gated`."""
    if len(layers) == 1:
        (only,) = layers
        return only.title if only.copies == 1 else only.title._replace(name=f"2{SPACE}×{SPACE}{only.title.name}")
    widths = [str(layers[0].read)]
    for layer, after in zip(layers, [*layers[1:], None], strict=True):
        width = after.read if after is not None and after.gated else layer.made
        times = layer.copies * layer.made // width if width else 1
        widths.append(f"{times}{SPACE}×{SPACE}{width}" if times > 1 else str(width))
    gated = GATED if any(layer.gated for layer in layers[1:]) else ""
    return Title("Linear", FLOW.join(widths) + gated, comma=False, stem="Linear")


def _parts(flow: Flow, element: Element) -> list[Title]:
    """What an element adds to its block's line: of a chain its layer, with a pool before or behind."""
    if not element.is_block:
        return [op_title(flow, node) for node in element.moving if is_main(node) or _speaks(node)]
    return [_block_title(flow, element)]


def _block_title(flow: Flow, element: Element) -> Title:
    mains = [node for node in element.moving if is_main(node)]
    name = block_name(element)
    if all(is_linear(flow, node) for node in mains):
        inner = sentence(flow, element)
        only = inner[0] if len(inner) == 1 else None
        widths = only.fields if isinstance(only, Title) else ""
        return Title(name, widths.removesuffix(GATED) if "gated" in name.lower() else widths, comma=False)
    attention = next((node for node in mains if node.op.kind is Kind.ATTENTION), None)
    if attention is not None:
        return op_title(flow, attention)._replace(name=name, stem="")
    choices = [op_title(flow, node) for node in element.moving if node.op.chooses]
    return Title(name, choices[-1].text.lower()) if choices else Title(name)


def _speaks(node: Node) -> bool:
    return node.op.chooses or isinstance(node.op, Pool | AdaptivePool | Cat | Stack)
