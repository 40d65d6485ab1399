"""Which node of one scope is which of another, where both can be written as one block.

The first has all children that the second has, and may have more: those are left out in the second. What reads a child
that is left out reads in the second what the block says in its place: what the child would have read, or its `else`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, final

from archdsl.ir.graph import Node, Scope
from archdsl.unparsing.draft import DraftItem, DraftNode, DraftScope, DraftValue, meant, passed_over
from archdsl.unparsing.pathfinding import entering
from archdsl.unparsing.signs import node_sign


class Unalike(Exception):
    """Two scopes cannot be one block."""


@dataclass(slots=True, eq=False)
class TwinAlignment:
    """How an instance of a block is like the first one."""

    items: dict[DraftItem, DraftItem | None] = field(default_factory=dict)
    """What stands for each node and scope of the first; None where it is left out."""
    ports: dict[DraftValue, DraftValue] = field(default_factory=dict)
    """What the instance is given for each value that comes into the first; without those that it does not need."""
    chosen: set[DraftItem] = field(default_factory=set)
    """Instances of blocks for which instances of others stand: nothing but their outputs can be read."""
    instead: dict[DraftItem, DraftValue | None] = field(default_factory=dict)
    """What the readers of a left-out child of the first read there, where that is not what it would have read."""


def itself(scope: DraftScope) -> TwinAlignment:
    """The first instance, as it is like itself."""
    found = TwinAlignment(ports={value: value for value in entering(scope)})
    for item in _items(scope):
        found.items[item] = item
    return found


def _items(scope: DraftScope) -> Iterator[DraftItem]:
    for child in scope.children:
        yield child
        if isinstance(child, DraftScope):
            yield from _items(child)


@final
class Aligner:
    """Compares scopes of one draft; those whose children are `grouped` already are compared by their groups."""

    def __init__(self, grouped: dict[DraftScope, Any], kind: Callable[[DraftScope], str] | None = None) -> None:
        self._grouped, self._kind = grouped, kind

    def align(self, first: DraftScope, other: DraftScope) -> TwinAlignment:
        """Raises Unalike."""
        found = TwinAlignment()
        self._scopes(first, other, found)
        _Reads(first, other, found, self._grouped).check()
        return found

    def _scopes(self, first: DraftScope, other: DraftScope, found: TwinAlignment) -> None:
        if first.listed != other.listed and first.children and other.children:
            raise Unalike
        if len(first.children) != len(other.children) and is_run(first, self._grouped):
            raise Unalike
        pairs = self._listed(first, other) if first.listed else _named(first, other)
        for one, two in pairs:
            found.items[one] = two
            if two is None:
                for item in _items(one) if isinstance(one, DraftScope) else ():
                    found.items[item] = None
            else:
                self._pair(one, two, found)

    def _pair(self, one: DraftItem, two: DraftItem, found: TwinAlignment) -> None:
        if self.sign(one) != self.sign(two):
            raise Unalike
        if isinstance(one, DraftScope) and isinstance(two, DraftScope):
            if one in self._grouped:
                self._inner(one, two, found)
            elif one.shares is None:
                self._scopes(one, two, found)

    def _inner(self, one: DraftScope, two: DraftScope, found: TwinAlignment) -> None:
        """The nodes of two instances of one block: each is which of the block's first."""
        group = self._grouped[one]
        if self._grouped[two] is not group:
            found.chosen.add(one)
            return
        firsts, others = group.alignments[one].items, group.alignments[two].items
        for first, mine in firsts.items():
            if mine is not None and first in others:
                found.items[mine] = others[first]
            elif mine is not None and isinstance(mine.holder, DraftScope):
                found.chosen.add(mine.holder)

    def sign(self, item: DraftItem) -> Any:
        """What aligned children have in common."""
        common = (item.item.when, item.item.note, item.item.was)
        if isinstance(item, DraftNode):
            return (*common, *node_sign(item.item))
        if item.shares is not None:
            return (*common, "share")
        if item in self._grouped:
            group = self._grouped[item]
            choice = self._kind is not None and item.loop is None
            return (
                (*common, self._kind(item), tuple(group.ports.values()))
                if choice and self._kind
                else (*common, id(group))
            )
        return (*common, "scope")

    def _listed(self, first: DraftScope, other: DraftScope) -> list[tuple[DraftItem, DraftItem | None]]:
        """Items of two lists: as many as there are in the second, those that have most in common. Raises Unalike."""
        ones, twos = first.children, other.children
        if len(twos) > len(ones):
            raise Unalike
        best: dict[tuple[int, int], tuple[int, tuple[int, ...]]] = {(len(ones), len(twos)): (0, ())}
        for i in range(len(ones) - 1, -1, -1):
            best[i, len(twos)] = (0, ())
            for j in range(len(twos) - 1, -1, -1):
                options = [best[i + 1, j]] if (i + 1, j) in best else []
                likeness = self._likeness(ones[i], twos[j])
                if likeness is not None and (i + 1, j + 1) in best:
                    rest, places = best[i + 1, j + 1]
                    if len(places) == len(twos) - j - 1:
                        options.append((rest + likeness, (i, *places)))
                full = [each for each in options if len(each[1]) == len(twos) - j]
                if full:
                    best[i, j] = max(full, key=lambda each: each[0])
        if (0, 0) not in best or len(best[0, 0][1]) != len(twos):
            raise Unalike
        chosen = dict(zip(best[0, 0][1], twos, strict=True))
        return [(one, chosen.get(place)) for place, one in enumerate(ones)]

    def _likeness(self, one: DraftItem, two: DraftItem) -> int | None:
        """How much two children have in common; None where they cannot be one."""
        if self.sign(one) != self.sign(two):
            return None
        if isinstance(one, DraftNode) and isinstance(two, DraftNode):
            return 2 + sum(
                1
                for key in one.item.op.model_fields_set
                if getattr(two.item.op, key, None) == getattr(one.item.op, key)
            )
        if isinstance(one, DraftScope) and isinstance(two, DraftScope):
            return 2 + sum(1 for a, b in zip(one.nodes(), two.nodes(), strict=False) if a.op == b.op)
        return 1


def is_run(scope: DraftScope, grouped: Mapping[DraftScope, Any]) -> bool:
    """Whether it is but a row of instances of one block: what a `for` writes in place."""
    groups = [grouped.get(child) if isinstance(child, DraftScope) else None for child in scope.children]
    if len(groups) > 1 and groups[0] is not None and all(group is groups[0] for group in groups):
        return True
    return any(a is not None and a is b is c for a, b, c in zip(groups, groups[1:], groups[2:], strict=False))


def _named(first: DraftScope, other: DraftScope) -> list[tuple[DraftItem, DraftItem | None]]:
    """Children by their names. Raises Unalike where the second has others, or in another order."""
    there = {child.name: child for child in other.children}
    pairs = [(one, there.get(one.name)) for one in first.children]
    if [two for _, two in pairs if two is not None] != other.children:
        raise Unalike
    return pairs


@final
class _Reads:
    """Whether two aligned scopes read alike."""

    def __init__(
        self, first: DraftScope, other: DraftScope, found: TwinAlignment, grouped: dict[DraftScope, Any]
    ) -> None:
        self._first, self._other, self._found, self._grouped = first, other, found, grouped
        self._outside = {*entering(first)}
        self._places = {item.item: item for item in _items(first)}
        self._other_places = {item.item: item for item in _items(other)}
        self._stands: dict[DraftItem, DraftValue] = {}

    def check(self) -> None:
        """Raises Unalike."""
        for one, two in [*self._found.items.items()]:
            if isinstance(one, DraftNode) and isinstance(two, DraftNode):
                self._nodes(one.item, two.item)
            elif isinstance(one, DraftScope) and isinstance(two, DraftScope):
                self._scopes(one, two)
        self._results()
        for item, value in self._stands.items():
            self._say(item, value)

    def _nodes(self, one: Node, two: Node) -> None:
        if (one.share is None) != (two.share is None):
            raise Unalike
        if one.share is not None and two.share is not None:
            self._shared(one.share, two.share)
        if len(one.inputs) != len(two.inputs):
            raise Unalike
        for mine, theirs in zip(one.inputs, two.inputs, strict=True):
            if (mine is None) != (theirs is None):
                raise Unalike
            if mine is not None and theirs is not None:
                self._values(meant(mine), meant(theirs))
        for mine, theirs in zip(one.tie.values(), two.tie.values(), strict=True):
            self._values(meant(mine), meant(theirs))

    def _shared(self, one: Any, two: Any) -> None:
        """The module that runs again stands at one place of both. Raises Unalike."""
        items = {item.item: item for item in self._found.items}
        if one not in items or self._found.items[items[one]] is None or self._found.items[items[one]].item is not two:  # type: ignore[union-attr]
            raise Unalike

    def _scopes(self, one: DraftScope, two: DraftScope) -> None:
        if (one.shares is None) != (two.shares is None):
            raise Unalike
        if one.shares is not None and two.shares is not None:
            self._shared(one.shares.item, two.shares.item)
        if one.loop is not None and two.loop is not None:
            self._steps(one, two)
            for mine, theirs in zip(
                (*one.loop.over.values(), *one.loop.carry.values()),
                (*two.loop.over.values(), *two.loop.carry.values()),
                strict=True,
            ):
                self._values(mine, theirs)

    def _results(self) -> None:
        if self._first.loop is not None and self._other.loop is not None:
            if [*self._first.loop.outputs] != [*self._other.loop.outputs]:
                raise Unalike
            for name, value in (*self._first.loop.collect.items(), *self._first.loop.carried.items()):
                self._values(value, {**self._other.loop.collect, **self._other.loop.carried}[name])
            return
        mine, theirs = self._first.outputs(), self._other.outputs()
        if len(mine) != len(theirs):
            raise Unalike
        for one, two in zip(mine, theirs, strict=True):
            self._values(one, two)

    def _steps(self, first: DraftScope, other: DraftScope) -> None:
        """Whether two loops over time run alike. Raises Unalike."""
        signs = [
            (loop.dim, [*loop.over], [*loop.carry], [*loop.outputs], scope.item.scan and scope.item.scan.reverse)
            for scope in (first, other) if (loop := scope.loop) is not None
        ]  # fmt: skip
        if signs[0] != signs[1]:
            raise Unalike

    def _values(self, mine: DraftValue, theirs: DraftValue) -> None:
        """Raises Unalike where the second does not read what stands for the first's value there."""
        if mine in self._outside:
            if self._found.ports.setdefault(mine, theirs) != theirs:
                raise Unalike
            return
        if self._first.loop is not None and mine in self._first.loop.inside:
            if self._other.loop is None or self._other.loop.inside.get(theirs) != self._first.loop.inside[mine]:
                raise Unalike
            return
        item, place = _given_by(mine, self._first, self._places)
        image = self._found.items.get(item)
        if image is not None:
            if _given_by(theirs, self._other, self._other_places) != (image, place):
                raise Unalike
            return
        gone = self._gone(item)
        if (
            item.holder in self._found.chosen
            or mine.weight is not None
            or mine not in gone.outputs()
            or len(gone.outputs()) > 1
        ):
            raise Unalike
        if self._stands.setdefault(gone, theirs) != theirs:
            raise Unalike

    def _gone(self, item: DraftItem) -> DraftItem:
        """The outermost item around that is left out."""
        while (
            item.holder is not None
            and item.holder is not self._first
            and self._found.items.get(item.holder, item) is None
        ):
            item = item.holder
        return item

    def _say(self, item: DraftItem, value: DraftValue) -> None:
        """What stands for a left-out child: what it alone would read, or what its `else` must say. Raises Unalike."""
        reads = sole_reads(item)
        if len(reads) == 1 and self._image(reads[0]) == value:
            return
        holder = item.holder
        assert holder is not None
        before = holder.children[: holder.children.index(item)]
        known = [
            *(each for child in reversed(before) if not passed_over(child) for each in child.outputs()),
            *self._outside,
        ]
        found = next((each for each in known if self._image(each) == value), None)
        if found is None:
            raise Unalike
        self._found.instead[item] = found

    def _image(self, value: DraftValue, depth: int = 0) -> DraftValue | None:
        """What stands for a value of the first; None where nothing does."""
        if value in self._outside:
            return self._found.ports.get(value)
        item, place = _given_by(value, self._first, self._places)
        image = self._found.items.get(item)
        if image is not None:
            return (
                DraftValue(image.item, value.output, value.weight)
                if isinstance(image, DraftNode)
                else image.outputs()[place]
            )
        gone = self._gone(item)
        if gone in self._stands or depth > MAX_CHAIN:
            return self._stands.get(gone)
        reads = sole_reads(gone)
        return self._image(reads[0], depth + 1) if len(reads) == 1 else None


MAX_CHAIN: Final = 50
"""Left-out children that pass on one another's input."""


def _given_by(value: DraftValue, top: DraftScope, places: Mapping[Node | Scope, DraftItem]) -> tuple[DraftItem, Any]:
    """The outermost item of a scope that gives a value, with which of its outputs that is."""
    item = places.get(value.node)
    if item is None:
        assert value.node.scope is not None
        item = places[value.node.scope]  # a loop over time
    if value.weight is not None:
        return item, value.weight
    found: tuple[DraftItem, Any] = item, value.output
    while item is not None and item is not top:
        if isinstance(item, DraftScope) and value in item.outputs():
            found = item, item.outputs().index(value)
        item = item.holder
    return found


def sole_reads(item: DraftItem) -> Sequence[DraftValue]:
    """What an item reads from around it, each once."""
    if isinstance(item, DraftScope):
        return entering(item)
    return [*dict.fromkeys(meant(value) for value in item.item.inputs if value is not None)]
