"""The names that a theme may use of a network: paths, blocks, ops, inputs and outputs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from itertools import zip_longest
from typing import Final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault
from archdsl.figure.errors import DrawingError
from archdsl.figure.flow import Flow
from archdsl.figure.hiding import hidden_in, item_at, nodes_at
from archdsl.ir.graph import Graph, Item, Node, Scope, ScopeKind
from archdsl.ir.scopes import scopes_around, scopes_of
from archdsl.ops import OPS
from archdsl.ops.special import SCAN
from archdsl.text.nearest import did_you_mean
from archdsl.text.spelled import excerpt, quoted

LISTED: Final = 8
"""The names that a message lists of what there is."""


class NetworkNames:
    """What there is in a network, and what is wrong with names that it does not have."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.ports = (*graph.inputs, *graph.outputs)

    def is_path(self, path: str) -> bool:
        return bool(path) and item_at(self.graph, path) is not None

    @cached_property
    def _instances(self) -> dict[str, list[Scope]]:
        """By name of a block its instances, in the order of the tree."""
        found: dict[str, list[Scope]] = {}
        for scope in scopes_of(self.graph.root):
            if scope.block is not None:
                found.setdefault(scope.block, []).append(scope)
        return found

    @property
    def blocks(self) -> Collection[str]:
        return self._instances.keys()

    def everywhere(self, path: str) -> list[str]:
        """The path, and the same place in the other instances of the innermost block around it."""
        item = item_at(self.graph, path)
        block = next((scope for scope in scopes_around(item) if scope.block is not None), None) if item else None
        if block is None or block.block is None:
            return [path]
        place = path.removeprefix(block.path)
        others = (f"{scope.path}{place}" for scope in self._instances[block.block] if scope is not block)
        return [path, *filter(self.is_path, others)]

    def is_op(self, name: str) -> bool:
        """Whether it is one of ours, or one that the network has."""
        return name in OPS or name in self._ops

    @cached_property
    def _ops(self) -> set[str]:
        return {node.op.name for node in self.graph.nodes}

    def unknown_path(self, path: str, also: Iterable[str] = ()) -> Fault:
        """A path that leads nowhere: with what there is where it still led somewhere, or may be `also`."""
        scope, names = self.graph.root, path.split(".")
        while names and isinstance(inner := scope.children.get(names[0]), Scope):
            scope, names = inner, names[1:]
        held = scope.children if names else {}
        near = did_you_mean(names[0] if names else "", [*held, *(also if scope is self.graph.root else ())])
        where = f"`{scope.path}`" if scope.path else f"`{self.graph.name}`"
        message = f"there is no `{excerpt(path)}` in `{self.graph.name}`"
        return Fault(Code.UNKNOWN_PATH, message, near or f"{where} holds {_listed(held)}")

    def unknown_name(self, name: str, groups: Iterable[str]) -> Fault:
        """What is neither a path nor a group, a block or an op."""
        known = [*groups, *sorted(self.blocks), *OPS]
        hint = did_you_mean(name, known) if "." not in name else self.unknown_path(name).hint
        usual = f"its blocks are {_listed(sorted(self.blocks))}" if self.blocks else "`archdsl ops` lists the ops"
        message = f"`{excerpt(name)}` is no op, and no block, group or path of `{self.graph.name}`"
        return Fault(Code.UNKNOWN_PATH, message, hint or usual)

    # --- what can be hidden, and what can be one card ---------------------------------------------

    @cached_property
    def flow(self) -> Flow:
        return Flow(self.graph)

    def not_hidden(self, path: str) -> Fault | None:
        """Why what stands at a path cannot be hidden."""
        try:
            hidden_in(self.flow, self.everywhere(path))
        except DrawingError as error:
            return error.fault
        return None

    def not_one_card(self, name: str, paths: Iterable[str], flow: Flow) -> Iterator[tuple[str, Fault]]:
        """Why paths cannot be one card, each with the path that is in the way."""
        items = {path: item for path in paths if (item := item_at(self.graph, path)) is not None}
        for path, item in items.items():
            if isinstance(item, Node) and isinstance(item.op, SCAN):
                message = (
                    f"the group `{name}` cannot be one card: `{path}` is where values come into a loop, or leave it"
                )
                yield path, Fault(Code.CANNOT_DRAW, message, "name the loop, or leave it out")
                return
        common = _common(list(items.values()))
        for path, item in items.items():
            block = next((each for each in _inside(item, common) if _is_closed(each)), None)
            if block is not None:
                message = f"the group `{name}` cannot be one card: `{path}` is in `{block.path}`, and others are not"
                yield path, Fault(Code.CANNOT_DRAW, message, f"name `{block.path}`, or only what is in it")
                return
        copies = zip_longest(*(self.everywhere(path) for path in items), fillvalue="")
        for copy in copies:
            own = {node for path in copy if path for node in flow.moving(nodes_at(self.graph, path))}
            between = _between(flow, own)
            if between is None:
                continue
            message = f"the group `{name}` cannot be one card: `{between.path}` reads of it, and is read by it"
            yield next(iter(items)), Fault(Code.CANNOT_DRAW, message, f"add `{between.path}` to it")
            return


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    return (quoted(found[:LISTED]) + (", …" if len(found) > LISTED else "")) or "nothing more"


def _common(items: list[Item]) -> Scope | None:
    """The innermost scope around all of these."""
    if not items:
        return None
    others = [set(scopes_around(item)) for item in items[1:]]
    return next((scope for scope in scopes_around(items[0]) if all(scope in each for each in others)), None)


def _inside(item: Item, outer: Scope | None) -> Iterator[Scope]:
    """The scopes around an item that are inside of another."""
    for scope in scopes_around(item):
        if scope is outer:
            return
        yield scope


def _is_closed(scope: Scope) -> bool:
    """Whether it is drawn as a box or panel of its own."""
    return scope.kind is ScopeKind.BLOCK or scope.scan is not None


def _between(flow: Flow, own: set[Node]) -> Node | None:
    """A node that reads some of these and that others of these read, be it by way of more."""
    last = max((flow.order[node] for node in own), default=0)

    def outside(node: Node) -> list[Node]:
        """Who reads a node, but for these and for what runs behind them all."""
        found = (reader for reader in flow.readers[node] if reader not in own and reader not in flow.static)
        return [reader for reader in found if flow.order[reader] < last]

    waiting = [reader for node in own for reader in outside(node)]
    met = set(waiting)
    while waiting:
        node = waiting.pop()
        if not own.isdisjoint(flow.readers[node]):
            return node
        new = [reader for reader in outside(node) if reader not in met]
        met.update(new)
        waiting += new
    return None
