"""Which scopes are written as blocks, and which as one: twins, and those that are twins but for left-out children."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final, final

from archdsl.unparsing.aligning import Aligner, TwinAlignment, Unalike, is_run, itself
from archdsl.unparsing.draft import DraftItem, DraftScope, DraftValue, meant
from archdsl.unparsing.holes import Holes
from archdsl.unparsing.pathfinding import INPUT, entering

SMALL: Final = 3
"""Nodes that a block has at least."""
FEW_PORTS: Final = 4
"""Inputs that stand in the line of a block's use."""


@dataclass(slots=True, eq=False)
class BlockGroup:
    """Scopes that are written as instances of one block. The first has all its children."""

    instances: list[DraftScope]
    alignments: dict[DraftScope, TwinAlignment]
    name: str = ""
    holes: Holes = field(default_factory=lambda: Holes(True))
    params: dict[str, Any] = field(default_factory=dict)
    """What is declared, by name: a type, or a default."""
    arguments: dict[DraftScope, dict[str, Any]] = field(default_factory=dict)
    ports: dict[DraftValue, str] = field(default_factory=dict)

    @property
    def first(self) -> DraftScope:
        return self.instances[0]

    def aligned(self, child: DraftItem) -> list[DraftItem | None]:
        """The child in every instance."""
        return [self.alignments[each].items[child] for each in self.instances]

    def given(self, instance: DraftScope) -> dict[str, DraftValue]:
        """What an instance is given, by port."""
        known = self.alignments[instance].ports
        inside = {} if instance.loop is None else {port: value for value, port in instance.loop.inside.items()}
        return inside | {port: known[value] for value, port in self.ports.items() if value in known}

    def optional(self, value: DraftValue) -> bool:
        """Whether some instance is not given what comes into the first."""
        return any(value not in self.alignments[each].ports for each in self.instances)

    def instead(self, child: DraftItem) -> DraftValue | None:
        """What the readers of a child read where it is left out and its `else` must say so. Raises Unalike."""
        said = {each.instead[child] for each in self.alignments.values() if child in each.instead}
        if len(said) > 1:
            raise Unalike
        return next(iter(said), None)


@final
class BlockGroups:
    """The blocks of a draft, inner ones first."""

    def __init__(self, root: DraftScope, kinds: Mapping[str, str], *, fold: bool = True, choose: bool = False) -> None:
        self._kinds, self._fold, self._choose = kinds, fold, choose
        self._of: dict[DraftScope, BlockGroup] = {}
        self.groups: list[BlockGroup] = []
        scopes = [scope for scope in root.scopes() if scope is not root]
        self._origins = {scope.shares for scope in scopes if scope.shares is not None}
        closed = _closed(scopes)
        for level in _levels(scopes, self._kind):
            self._level([scope for scope in level if scope in closed])
        self._name({child.name for scope in root.scopes() for child in scope.children})

    def of(self, scope: DraftScope) -> BlockGroup:
        return self._of[scope]

    def _level(self, scopes: list[DraftScope]) -> None:
        """BlockGroups scopes that hold none of one another."""
        twins: dict[Any, list[DraftScope]] = {}
        for scope in scopes:
            key = self._skeleton(scope) if self._fold and scope.shares is None else id(scope)
            twins.setdefault(key, []).append(scope)
        found = [group for members in twins.values() for group in self._exact(members)]
        merged = self._merged(found) if self._fold else found
        growing = {*self._growing(merged)}
        for group in merged:
            if self._needed(group) or (
                len(group.instances) > 1 and self._worth(group) and self._kind(group.first) not in growing
            ):
                self._keep(group)

    def _growing(self, groups: list[BlockGroup]) -> Iterator[str]:
        """The kinds of scopes that read another number of values each: a list with a `for` takes these."""
        inputs: dict[str, list[int]] = {}
        for group in groups:
            inputs.setdefault(self._kind(group.first), []).append(len(entering(group.first)))
        yield from (kind for kind, counts in inputs.items() if len(counts) > SMALL and len({*counts}) == len(counts))

    def _needed(self, group: BlockGroup) -> bool:
        """Whether it must be a block: it is a loop's, or runs again where a name may mean something else."""
        again = not self._origins.isdisjoint(group.instances) and bool(entering(group.first))
        return group.first.shares is None and (again or group.first.loop is not None)

    def _worth(self, group: BlockGroup) -> bool:
        children = group.first.children
        few = group.first.listed and len(children) < SMALL and all(child in self._of for child in children)
        if few or any(is_run(scope, self._of) for scope in group.instances):
            return False
        nodes, ports = sum(1 for _ in group.first.nodes()), len(entering(group.first))
        use = 1 if ports <= FEW_PORTS else ports + 1
        saves = nodes * len(group.instances) > nodes + ports + use * len(group.instances)
        return nodes >= SMALL and ports > 0 and saves and group.first.shares is None

    def _exact(self, members: list[DraftScope]) -> Iterator[BlockGroup]:
        """Twins as one group; what turns out to be none is a group of its own."""
        while members:
            first, aligner, others = members[0], Aligner(self._of), []
            alignments = {first: itself(first)}
            for other in members[1:]:
                try:
                    alignments[other] = aligner.align(first, other)
                except Unalike:
                    others.append(other)
            yield BlockGroup([*alignments], alignments)
            members = others

    def _merged(self, groups: list[BlockGroup]) -> list[BlockGroup]:
        """BlockGroups of which one has all that another has, as one."""
        found: list[BlockGroup] = []
        for group in sorted(groups, key=lambda group: -sum(1 for _ in group.first.nodes())):
            if is_run(group.first, self._of) or not any(self._joined(known, group) for known in found):
                found.append(group)
        return found

    def _joined(self, known: BlockGroup, group: BlockGroup) -> bool:
        """Adds a group's instances to another's, if they are of one kind and fit."""
        if (
            self._kind(known.first) != self._kind(group.first)
            or known.first.loop
            or group.first.loop
            or known.first.shares
            or group.first.shares
        ):
            return False
        aligner = Aligner(self._of, self._kind if self._choose else None)
        try:
            added = {each: aligner.align(known.first, each) for each in group.instances}
            both = BlockGroup([*known.instances, *added], {**known.alignments, **added})
            for child in known.alignments[known.first].items:
                both.instead(child)
        except Unalike:
            return False
        known.instances, known.alignments = both.instances, both.alignments
        return True

    def _kind(self, scope: DraftScope) -> str:
        """What scopes of one kind have in common: their class, or the name without its number."""
        return self._kinds.get(scope.item.path) or scope.item.block or re.sub(r"\d+", "", scope.item.path)

    def _keep(self, group: BlockGroup) -> None:
        order = {scope: place for place, scope in enumerate(group.instances)}
        group.instances.sort(key=lambda scope: order[scope])
        _name_ports(group)
        for scope in group.instances:
            scope.ports = group.ports
            self._of[scope] = group
        self.groups.append(group)

    def _name(self, taken: set[str]) -> None:
        names: set[str] = set()
        for group in self.groups:
            base = snake(self._kinds.get(group.first.item.path) or group.first.item.block or "")
            base = base or snake(re.sub(r"\d+", "", group.first.item.name)) or "block"
            name = next(n for k in count(1) if (n := base if k == 1 else f"{base}_{k}") not in names)
            names.add(name)
            group.name = name

    # --- skeletons ---------------------------------------------------------------------------------

    def _skeleton(self, scope: DraftScope) -> Any:
        """What twins have in common: their children, and what these read of one another."""
        outside = {value: place for place, value in enumerate(entering(scope))}
        inside: dict[Any, int] = {}
        return self._body(scope, outside, inside)

    def _body(self, scope: DraftScope, outside: Mapping[DraftValue, int], inside: dict[Any, int]) -> Any:
        parts: list[Any] = []
        for child in scope.children:
            name = "" if scope.listed else child.name
            inside[child.item] = len(inside)
            if isinstance(child, DraftScope):
                parts.append((name, self._inner(child, outside, inside)))
            else:
                given = [
                    None if value is None else meant(value) for value in (*child.item.inputs, *child.item.tie.values())
                ]
                read = tuple(None if value is None else self._read(value, outside, inside) for value in given)
                parts.append((name, Aligner(self._of).sign(child), read))
        return tuple(parts)

    def _inner(self, child: DraftScope, outside: Mapping[DraftValue, int], inside: dict[Any, int]) -> Any:
        if child in self._of:
            group = self._of[child]
            for mine in group.alignments[child].items.values():
                if mine is not None:
                    inside[mine.item] = len(inside)
            given = tuple((port, self._read(value, outside, inside)) for port, value in group.given(child).items())
            if child.loop is None:
                return id(group), given
            starts = (*child.loop.over.values(), *child.loop.carry.values())
            steps = child.loop.dim, child.item.scan and child.item.scan.reverse, tuple(child.loop.outputs)
            return id(group), given, steps, tuple(self._read(value, outside, inside) for value in starts)
        if child.shares is not None:
            return (
                "share",
                inside.get(child.shares.item),
                tuple(self._read(v, outside, inside) for v in entering(child)),
            )
        return self._body(child, outside, inside)

    def _read(self, value: DraftValue, outside: Mapping[DraftValue, int], inside: Mapping[Any, int]) -> Any:
        if value in outside:
            return "port", outside[value]
        return inside.get(value.node, inside.get(value.node.scope)), value.output, value.weight


def _levels(scopes: list[DraftScope], kind: Callable[[DraftScope], str]) -> Iterator[list[DraftScope]]:
    """Scopes by how deep others stand in them, the flattest first; those of one kind together, where they can be."""
    plain = _heights(scopes, {}, kind)
    together = plain
    for _ in range(MAX_KINDS):
        highest: dict[str, int] = {}
        for scope, height in together.items():
            highest[kind(scope)] = max(height, highest.get(kind(scope), 0))
        raised = _heights(scopes, highest, kind)
        if raised == together:
            break
        together = raised
    else:
        together = plain  # a kind that stands in itself
    for height in sorted({*together.values()}):
        yield [scope for scope in scopes if together[scope] == height]


MAX_KINDS: Final = 20
"""How deep kinds stand in one another."""


def _heights(
    scopes: list[DraftScope], least: Mapping[str, int], kind: Callable[[DraftScope], str]
) -> dict[DraftScope, int]:
    """How deep others stand in each scope; at least what is asked of its kind."""
    heights: dict[DraftScope, int] = {}
    for scope in reversed(scopes):
        inner = [child for child in scope.children if isinstance(child, DraftScope)] if scope.shares is None else []
        own = 1 + max((heights.get(child, 0) for child in inner), default=0)
        heights[scope] = max(own, least.get(kind(scope), 0))
    return heights


def _closed(scopes: list[DraftScope]) -> set[DraftScope]:
    """The scopes in which no module runs again that stands outside."""
    return {scope for scope in scopes if all(_is_in(each, scope) for each in _shared(scope))}


def _shared(scope: DraftScope) -> Iterator[Any]:
    for child in scope.children:
        if child.item.share is not None:
            yield child.item.share
        elif isinstance(child, DraftScope):
            yield from _shared(child)


def _is_in(item: Any, scope: DraftScope) -> bool:
    holder = item.scope
    while holder is not None and holder is not scope.item:
        holder = holder.scope
    return holder is not None


def _name_ports(group: BlockGroup) -> None:
    """Names for what comes into a block: `x` first, others by what makes them."""
    loop = group.first.loop
    group.ports = {} if loop is None else dict(loop.inside)
    taken = {child.name.partition(".")[0] for scope in group.first.scopes() for child in scope.children}
    taken |= {*group.ports.values(), INPUT}
    outside = entering(group.first)
    main = next((value for value in outside if value.node.op.ports or value.node.op.name == "input"), None)
    ordered = outside if main is None else [main, *(value for value in outside if value != main)]
    for value in ordered:
        base = "x" if value == main and loop is None else _common_name(group, value)
        name = next(n for k in count(1) if (n := base if k == 1 else f"{base}_{k}") not in taken)
        taken.add(name)
        group.ports[value] = name


def _common_name(group: BlockGroup, value: DraftValue) -> str:
    """The words that the names of what an instance is given have in common: `weight_ih` of `weight_ih_l0`, …"""
    given = [each for known in group.alignments.values() if (each := known.ports.get(value)) is not None]
    first, *others = [snake(each.weight or each.node.name).split("_") for each in given]
    words = [word for word in first if all(word in other for other in others)]
    return snake("_".join(words)) or snake("_".join(first)) or "x"


def snake(name: str) -> str:
    """A class's or node's name as blocks and ports are called; empty where nothing is left of it."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name.rpartition(".")[2])
    made = re.sub(r"\W+", "_", words, flags=re.ASCII).strip("_").lower()
    return made if re.fullmatch(r"[a-z_]\w*", made) and not made.isdecimal() else ""
