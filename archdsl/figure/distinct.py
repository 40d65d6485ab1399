"""Which blocks a network is made of: one of each structure, whatever its sizes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from archdsl.figure.alignment import Parts, alignments, excess, passed, starts
from archdsl.figure.differences import child_name
from archdsl.figure.elements import Element, Grain, elements_of
from archdsl.figure.flow import Flow, is_silent
from archdsl.figure.given import op_title
from archdsl.figure.repeats import nodes_of
from archdsl.figure.terraces import parts_of
from archdsl.ir.graph import Graph, Node, Scope, ScopeKind
from archdsl.ir.scopes import scopes_around
from archdsl.words.naming import fixed
from archdsl.words.quantities import SPACE

MOST = 12
"""A sheet has no more panels than this."""
TOLD = 3
"""So many ops of a chain need no panel: two layers and what is between them."""
LISTED = 6
"""Nor do so many layers, of which each follows the one before."""
SAID = 2
"""The most parts that tell a variant."""


_PARTS: Final = re.compile(rf",{SPACE}| (?=\+)")
_DIGIT: Final = re.compile(r"\d")


class Distinct(NamedTuple):
    """A block, for all of its structure."""

    scope: Scope
    """The first of them."""
    level: int
    """How many blocks of the figure are around it; 0 for those of the overview."""
    alike: int
    """How many others have this structure."""
    variant: str = ""
    """What tells it from other structures of the same block."""
    optional: frozenset[str] = frozenset()
    """The paths of what some of them do without."""
    cut: frozenset[str] = frozenset()
    """Of these paths, those through which nothing passes on to others where they are missing: their links are, too."""
    whole: int = 0
    """How many have all of it."""
    mixed: bool = False
    """Whether of those that have not, some lack more than others."""
    varying: Mapping[str, str] = MappingProxyType({})
    """What is to be said, by path, of ops that do more where nothing is missing."""


def distinct_blocks(
    graph: Graph, without: Iterable[Scope] = (), *, flow: Flow | None = None, coarser: int = 0
) -> list[Distinct]:
    """One block of each structure: in running order, each followed by those in it.

    Two blocks have the same structure where they are instances of one block of the spec with the same ops and
    blocks in the same order: what is inside of those is told in its own place. Sizes do not count, nor how
    often a block repeats. A structure that is another one without some parts is told with that one. Where they are
    more than a sheet has room for, the deepest are left out. What the network consists of entirely is not one of
    them, and neither are those of the structure of one in `without`. `coarser` is that of the overview.
    """
    finder = _Finder(flow or Flow(graph), graph.root, set(without), coarser)
    finder.add(finder.root, 0)
    found = _merged([each for each in finder.found.values() if each.key not in finder.closed], finder.flow)
    blocks = [each.block for each in found]
    kept = sorted(blocks, key=lambda each: each.level)[:MOST]
    return _told_apart([each._replace(variant=_variant(each, blocks)) for each in blocks if each in kept])


@dataclass(eq=False)
class _Found:
    """A structure: its parts in running order."""

    key: Any
    block: Distinct
    parts: Parts
    paths: Sequence[tuple[str, ...]]
    """Of each part."""
    told: Sequence[tuple[str, str]]
    """What is said of each part in brief, and in full."""
    elements: Sequence[Element]
    """The first of each part."""
    place: int
    """Among all, in running order."""
    is_told: bool
    """Whether a card says all of it: it has no panel of its own."""

    def paths_of(self, places: Iterable[int]) -> frozenset[str]:
        """Of these parts."""
        return frozenset(path for place in places for path in self.paths[place])


def _merged(found: Sequence[_Found], flow: Flow) -> list[_Found]:
    """The structures, but those that are another one of the same block without some of its parts."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda each: -len(each.parts)):
        for whole in kept:
            matched = _matched(one, whole, flow) if one.key[0] == whole.key[0] else None
            varying = _varying(one, whole, matched) if matched is not None else None
            if matched is None or varying is None:
                continue
            missing = set(range(len(whole.parts))).difference(matched)
            paths = whole.paths_of(missing) - _ahead(one, whole, missing, flow)
            if paths or not varying:
                cut = whole.paths_of(missing - passed(one.parts, whole.parts, matched)) & paths
                whole.block = _with_optional(whole.block, one.block, paths, cut, varying)
                whole.place = min(whole.place, one.place)
                break
        else:
            if not one.is_told:
                kept.append(one)
    return sorted(kept, key=lambda each: each.place)


def _with_optional(
    whole: Distinct, part: Distinct, paths: frozenset[str], cut: frozenset[str], varying: Mapping[str, str]
) -> Distinct:
    """With another that lacks these parts, perhaps none that is not computed ahead."""
    complete = whole.whole or whole.alike + 1
    if not paths:
        complete = whole.whole and whole.whole + part.alike + 1
    return whole._replace(
        alike=whole.alike + part.alike + 1,
        level=min(whole.level, part.level),
        optional=whole.optional | paths,
        cut=whole.cut | cut,
        whole=complete,
        mixed=whole.mixed or (bool(paths and whole.optional) and whole.optional != paths),
        varying={**whole.varying, **varying},
    )


def _ahead(one: _Found, whole: _Found, missing: Iterable[int], flow: Flow) -> frozenset[str]:
    """Of the paths of what is missing, those of what one has, too, and computes of constants."""
    start = len(whole.block.scope.path) + 1
    return frozenset(
        path for path in whole.paths_of(missing) if _is_ahead(flow, one.block.scope, path[start:].split("."))
    )


def _is_ahead(flow: Flow, scope: Scope, path: Iterable[str]) -> bool:
    """Whether what stands there is computed of constants; what does nothing is not."""
    item: Node | Scope | None = scope
    for name in path:
        item = item.children.get(name) if isinstance(item, Scope) else None
    nodes = [item] if isinstance(item, Node) else [*item.nodes()] if item is not None else []
    return bool(nodes) and all(node in flow.static and not flow.passes(node) for node in nodes)


def _matched(one: _Found, whole: _Found, flow: Flow) -> list[int] | None:
    """Where the parts of one structure stand in another; None where it is not that one without a few parts.

    Where they may stand in several ways, as one of two convolutions, it is where more of them are as they are there,
    then where they read less besides, then where what is missing begins at fewer places.
    """
    found = alignments(one.parts, whole.parts)
    if len(found) < 2:
        return found[0] if found else None
    own, others = ([_look(flow, each) for each in structure.elements] for structure in (one, whole))

    def likeness(places: Sequence[int]) -> tuple[int, int, int]:
        pairs = ((own[i], others[place]) for i, place in enumerate(places))
        same = sum(name == other_name for look, other in pairs for name, other_name in zip(look, other, strict=False))
        return same, -excess(one.parts, whole.parts, places), -len(starts(whole.parts, places))

    return max(found, key=likeness)


def _look(flow: Flow, element: Element) -> Sequence[str | frozenset[str]]:
    """What is said of ops, but for their sizes: `Conv 3×3`, and that it is depthwise."""
    if element.is_block:
        return ()
    titles = [op_title(flow.brief(), node) for node in element.moving if flow.is_spoken(node)]
    words = (frozenset(part for part in _PARTS.split(each.fields) if not _DIGIT.search(part)) for each in titles)
    return [*(each.name for each in titles), *words]


def _varying(one: _Found, whole: _Found, matched: Sequence[int]) -> dict[str, str] | None:
    """What is said of ops that do more in the whole, as a mask that hides more; None where they do less there."""
    found: dict[str, str] = {}
    for own, place in zip(one.told, matched, strict=True):
        brief, full = whole.told[place]
        known = set(map(_unsized, _PARTS.split(own[1])))
        if known == set(map(_unsized, _PARTS.split(full))):
            continue
        more = [part for part in _PARTS.split(full) if _unsized(part) not in known]
        if not more:
            return None
        found[whole.paths[place][0]] = fixed(f"{brief}, {', '.join(more)} where dashed")
    return found


def _unsized(text: str) -> str:
    """`# head` of `1 head` and `8 heads`."""
    return re.sub(r"\d+(\s\S+?)?s?\b", r"#\1", text) if text else ""


def _told_apart(found: Sequence[Distinct]) -> list[Distinct]:
    """The blocks, those that would have one title told apart by where they are."""
    titles = Counter((_kind(each.scope), each.variant) for each in found)
    return [
        each._replace(variant=_place(each, found)) if titles[_kind(each.scope), each.variant] > 1 else each
        for each in found
    ]


def _place(one: Distinct, found: Sequence[Distinct]) -> str:
    """`decoder`, `layers.0`, `decoder layer.1`: what of its path others of the same block do not have."""
    own, *others = (each.scope.path.split(".") for each in sorted(found, key=lambda each: each is not one)
                    if _kind(each.scope) == _kind(one.scope))  # fmt: skip
    return " ".join(_apart(own, others))


def _apart(own: Sequence[str], others: Sequence[Sequence[str]]) -> Iterator[str]:
    """The places of a path that tell it from others: each from some that were not told from it before."""
    while others:
        places = (i for i, name in enumerate(own) if any(path[i : i + 1] != [name] for path in others))
        first = next(places, len(own) - 1)  # a block that holds itself is around the others
        yield ".".join(own[first - own[first].isdigit() : first + 1])
        alike = [path for path in others if path[first : first + 1] == [own[first]]]
        others = alike if len(alike) < len(others) else ()


def _kind(scope: Scope) -> str:
    """What a panel of it is called."""
    return scope.block or scope.name


def _variant(one: Distinct, found: Sequence[Distinct]) -> str:
    """`with downsample`, `without skip`: what tells it from the others that are instances of its block."""
    same = [_children(each.scope) for each in found if _kind(each.scope) == _kind(one.scope)]
    everywhere = set.intersection(*map(set, same))
    own = _children(one.scope)
    extra = [name for name in own if name not in everywhere]
    missing = [name for name in dict.fromkeys(name for each in same for name in each) if name not in own]
    word, names = ("with", extra) if extra else ("without", missing)
    return f"{word} {' and '.join(names)}".replace("_", " ") if 0 < len(names) <= SAID else ""


def _children(scope: Scope) -> dict[str, None]:
    """The names of what is in a block; numbers tell nothing."""
    return {
        child_name(name, item): None
        for name, item in scope.children.items()
        if not (name.isdigit() or (isinstance(item, Node) and is_silent(item)))
    }


class _Finder:
    def __init__(self, flow: Flow, root: Scope, without: set[Scope], coarser: int) -> None:
        self.flow = flow
        self.root = self._top(root)
        self._without = without
        self._coarser = coarser
        self.closed: set[Any] = set()
        """The structures of blocks in `without`."""
        self.found: dict[Any, _Found] = {}

    def _top(self, root: Scope) -> Scope:
        """The scope whose content the overview shows."""
        inner = elements_of(self.flow, root)
        only = inner[0].scope if len(inner) == 1 and inner[0].is_block else None
        return root if only is None or only.scan is not None else self._top(only)

    def add(self, scope: Scope, level: int) -> None:
        for element in self._blocks(scope):
            scope = _scope(element)
            parts, paths, told, elements = self._structure(element)
            key = _name(element), parts
            if self._is_closed(scope):
                self.closed.add(key)
                continue
            if key in self.found:
                known = self.found[key]
                known.block = known.block._replace(alike=known.block.alike + 1)
                known.is_told = known.is_told and self._is_told(element)
            else:
                block, is_told = Distinct(scope, level, 0), self._is_told(element)
                self.found[key] = _Found(key, block, parts, paths, told, elements, len(self.found), is_told)
            self.add(scope, level + 1)

    def _is_closed(self, scope: Scope) -> bool:
        """Whether it, or a list or group that it stands in, is in `without`."""
        return not self._without.isdisjoint((scope, *scopes_around(scope)))

    def _blocks(self, scope: Scope) -> Iterator[Element]:
        """The blocks in it; in the overview also what is no block of the spec and closed there."""
        if scope is self.root:
            runs, _ = parts_of(self.flow, scope, self._coarser)
            found = [element for run in runs for element in run.elements]
        else:
            found = elements_of(self.flow, scope, Grain.FINE)
        return (self._innermost(element) for element in found if element.is_block)

    def _innermost(self, element: Element) -> Element:
        """The block, or the only one that it consists of."""
        inner = elements_of(self.flow, _scope(element), Grain.FINE)
        is_wrapping = len(inner) == 1 and inner[0].is_block and _scope(element).scan is None
        return self._innermost(inner[0]) if is_wrapping else element

    def _is_told(self, element: Element) -> bool:
        """Whether a card says all of it in its line: layers one after another, or two and what is between them."""
        inner = elements_of(self.flow, _scope(element), Grain.FINE)
        is_short = len(inner) <= TOLD or (len(inner) <= LISTED and all(each.mains for each in inner))
        return (
            (is_short or _scope(element).kind is ScopeKind.CONTAINER)
            and not any(each.is_block for each in inner)
            and self.flow.is_chain(element.moving)
        )

    def _structure(self, element: Element) -> tuple[Parts, list[tuple[str, ...]], list[tuple[str, str]], list[Element]]:
        """What a panel shows of the block, without its sizes: its ops and blocks, and who of them reads whom.

        With the paths of these parts, what is said of each, and the first element of each.
        """
        groups = list(_repeats_joined(elements_of(self.flow, _scope(element), Grain.FINE)))
        place = {node: i for i, group in enumerate(groups) for each in group for node in each.nodes}
        reads = [self.flow.read_from_outside(nodes_of(group)) for group in groups]
        wired = [tuple(sorted({place.get(node, -1) for node in nodes})) for nodes in reads]
        parts = tuple((self._named(stretch[0]), own) for stretch, own in zip(groups, wired, strict=True))
        return (
            parts,
            [tuple(each.path for each in stretch) for stretch in groups],
            [self._told(each[0]) for each in groups],
            [each[0] for each in groups],
        )

    def _named(self, element: Element) -> Any:
        if element.is_block:
            return _name(element)
        return tuple((node.op.name, _unsized(self._told_of(node)[0]), self._added(node)) for node in element.moving)

    def _told(self, element: Element) -> tuple[str, str]:
        return ("", "") if element.is_block or len(element.moving) > 1 else self._told_of(element.moving[0])

    def _added(self, node: Node) -> str:
        """What is added to the scores of attention, as a relative position bias."""
        return op_title(self.flow, node).more if node.op.masking else ""

    def _told_of(self, node: Node) -> tuple[str, str]:
        """What is said of attention in brief, and in full: which keys are hidden is in its structure."""
        if not node.op.masking:
            return "", ""
        return op_title(self.flow.brief(), node).fields, op_title(self.flow, node).fields


def _repeats_joined(inner: Iterable[Element]) -> Iterator[list[Element]]:
    """The elements, blocks of one name that follow each other together."""
    for is_repeat, stretch in groupby(inner, lambda element: element.is_block and _name(element)):
        if is_repeat:
            yield list(stretch)
        else:
            yield from ([element] for element in stretch)


def _name(element: Element) -> str:
    return _kind(_scope(element))


def _scope(element: Element) -> Scope:
    assert element.scope is not None, "a block is a scope"
    return element.scope
