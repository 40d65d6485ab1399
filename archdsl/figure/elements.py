"""What a figure is made of: the ops and blocks of a scope, in running order.

An element is one op, a short chain of ops with one layer in it (convolution, norm, activation), or an
instance of a block. Lists, mappings and containers are transparent, unless all that they hold is such
a chain, or a graph of ops with no block in it. Elements stand in running order and are contiguous in
it, so any stretch of them can become one box without a cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from enum import Enum
from typing import Final

from archdsl.figure.flow import Flow, in_training_only, is_main
from archdsl.ir.graph import Node, Scope, ScopeKind
from archdsl.ops.base import Kind
from archdsl.ops.dropout import Passing

_SORTS: Final = {Kind.CONV: Kind.LINEAR} | {kind: kind for kind in (Kind.LINEAR, Kind.NORM, Kind.ACTIVATION)}
LAYERS: Final = (
    (Kind.LINEAR, Kind.NORM), (Kind.LINEAR, Kind.ACTIVATION), (Kind.LINEAR, Kind.NORM, Kind.ACTIVATION),
)  # fmt: skip
"""What is one box where blocks are dense; a convolution is a linear map."""
CHAIN: Final = 5
"""The most ops with words of their own in a chain that is drawn as one op."""


@dataclass(frozen=True, eq=False)
class Element:
    """A stretch of the network that is never divided on its own level."""

    nodes: tuple[Node, ...]
    """In running order, static ones included."""
    moving: tuple[Node, ...]
    scope: Scope | None
    """What it is all of; None for a single op."""
    is_block: bool
    """Drawn by its own name, as a card or a cluster; otherwise by its ops."""

    @property
    def path(self) -> str:
        return self.scope.path if self.scope is not None else self.moving[0].path

    @property
    def paths(self) -> tuple[str, ...]:
        """Of the scope that it is all of, or of its ops."""
        return (self.scope.path,) if self.scope is not None else tuple(node.path for node in self.moving)

    @property
    def parent(self) -> Scope | None:
        if self.scope is not None:
            return self.scope.scope
        return min((node.scope for node in self.moving if node.scope is not None), key=lambda each: len(each.path))

    @property
    def mains(self) -> int:
        return sum(is_main(node) for node in self.moving)


class Grain(Enum):
    """Which scopes are elements."""

    FINE = "blocks alone"
    FUSED = "blocks, and layers with their norms and activations"
    USUAL = "blocks, short chains, and graphs of ops"
    COARSE = "every child scope, whatever it holds"


def elements_of(
    flow: Flow, scope: Scope, grain: Grain = Grain.USUAL, through: Set[Scope] = frozenset()
) -> list[Element]:
    """The elements of a scope; the blocks in `through` are transparent, too."""
    if through:
        return _found_elements(flow, scope, grain, through)
    if (scope, grain) not in flow.elements:
        flow.elements[scope, grain] = _found_elements(flow, scope, grain, through)
    return [*flow.elements[scope, grain]]


def _found_elements(flow: Flow, scope: Scope, grain: Grain, through: Set[Scope]) -> list[Element]:
    nodes = sorted(scope.nodes(), key=flow.order.__getitem__)
    owners = _Owners(flow, scope, grain, through)
    held: dict[Node | Scope, list[Node]] = {}
    owner_of: dict[Node, Node | Scope] = {}
    for node in reversed(nodes):
        owner: Node | Scope | None = owners.of(node)
        if owner is node and node in flow.hidden:
            continue
        idiom = flow.idiom(node)
        if owner is node and idiom is not None:
            owner = idiom.nodes[0]
        elif owner is node and node in flow.static:
            owner = _reader_owner(flow, node, owner_of)
        if owner is not None:
            owner_of[node] = owner
            held.setdefault(owner, []).append(node)
    made = [_element(flow, owner, found[::-1]) for owner, found in held.items()]
    made.sort(key=lambda element: flow.order[element.moving[0]])
    return list(_fused(flow, made)) if grain is Grain.FUSED else made


def _fused(flow: Flow, elements: Iterable[Element]) -> Iterator[Element]:
    """The elements, a layer and the norm and the activation behind it as one."""
    held: Element | None = None
    for element in elements:
        if held is not None and _belongs(flow, held, element):
            nodes, moving = (*held.nodes, *element.nodes), (*held.moving, *element.moving)
            held = Element(tuple(sorted(nodes, key=flow.order.__getitem__)), moving, None, False)
            continue
        if held is not None:
            yield held
        held = element
    if held is not None:
        yield held


def _belongs(flow: Flow, layer: Element, after: Element) -> bool:
    """Whether the second does nothing but norm or activate what the first makes, for it alone."""
    together = (*layer.moving, *after.moving)
    return (
        _kinds(flow, layer) + _kinds(flow, after) in LAYERS
        and flow.readers_outside(layer.nodes) <= set(after.moving)
        and set(flow.read_from_outside(after.nodes)) <= set(layer.moving)
        and len({(in_training_only(node), node.path in flow.optional) for node in together}) == 1
        and not any(node.note for node in together)
    )


def _kinds(flow: Flow, element: Element) -> tuple[Kind | None, ...]:
    """What the ops of a box do, those of a layer that is written from primitives together; None where that is no part
    of a layer."""
    if element.is_block:
        return (None,)
    found = {flow.idiom(node) or node: node for node in element.moving}
    return tuple(None if isinstance(node.op, Passing) else _SORTS.get(flow.kind(node)) for node in found.values())


def _reader_owner(flow: Flow, node: Node, owner_of: dict[Node, Node | Scope]) -> Node | Scope | None:
    """The owner of the first moving reader; None where nothing here reads it."""
    readers = [reader for reader in flow.readers[node] if reader in owner_of]
    return owner_of[min(readers, key=flow.order.__getitem__)] if readers else None


def _element(flow: Flow, owner: Node | Scope, nodes: list[Node]) -> Element:
    moving = tuple(flow.moving(nodes))
    if isinstance(owner, Node):
        return Element(tuple(nodes), moving, None, False)
    is_plain = _is_short_chain(flow, moving) or _is_idiom(flow, moving)
    return Element(tuple(nodes), moving, owner, owner.scan is not None or not is_plain)


def _is_idiom(flow: Flow, moving: Sequence[Node]) -> bool:
    """Whether they are one layer that is written from primitives."""
    idiom = flow.idiom(moving[0])
    return idiom is not None and set(idiom.nodes) == set(moving)


class _Owners:
    """Finds the scope that a node is drawn as a part of."""

    def __init__(self, flow: Flow, base: Scope, grain: Grain, through: Set[Scope]) -> None:
        self._flow = flow
        self._base = base
        self._grain = grain
        self._through = through
        self._found: dict[Scope, Scope | None] = {base: None}

    def of(self, node: Node) -> Node | Scope:
        assert node.scope is not None
        return self._owner(node.scope) or node

    def _owner(self, scope: Scope) -> Scope | None:
        if scope not in self._found:
            assert scope.scope is not None
            outer = self._owner(scope.scope)
            self._found[scope] = outer or (scope if self._is_whole(scope) else None)
        return self._found[scope]

    def _is_whole(self, scope: Scope) -> bool:
        moving = self._flow.moving(scope.nodes())
        if not moving or scope in self._through or not _is_contiguous(self._flow, moving):
            return False
        if scope.kind is not ScopeKind.BLOCK and self._flow.theme.divides(scope.path):
            return False
        if scope.kind is ScopeKind.BLOCK or (self._grain is Grain.COARSE and scope.scope is self._base):
            return True
        if scope.kind is ScopeKind.CONTAINER or self._grain in (Grain.FINE, Grain.FUSED):
            return False
        chain = self._flow.is_chain(moving)
        if chain:
            return _is_short_chain(self._flow, moving)
        return not any(isinstance(child, Scope) for child in scope.children.values())


def _is_contiguous(flow: Flow, moving: Iterable[Node]) -> bool:
    """Whether no moving node of another scope runs in between."""
    places = [flow.order[node] for node in moving]
    own = set(places)
    return all(p in own or flow.is_static_place(p) for p in range(places[0], places[-1] + 1))


def _is_short_chain(flow: Flow, moving: Iterable[Node]) -> bool:
    nodes = list(moving)
    if not flow.is_chain(nodes):
        return False
    spoken = sum(map(flow.is_spoken, nodes))
    return sum(map(is_main, nodes)) <= 1 and spoken <= CHAIN
