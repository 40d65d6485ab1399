"""What a network's outputs need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from archdsl.ir.batch import names_in
from archdsl.ir.graph import Item, Node, Scope, Value
from archdsl.ir.scopes import scopes_around
from archdsl.ops.special import ScanLast


def needed(outputs: Iterable[Value], nodes: Sequence[Node]) -> set[Node]:
    """The nodes, inputs among them, that an output depends on, with those that own what these run and read.

    A module that runs several times has one structure: what one run of it needs, the others keep.
    """
    ends = {node.inputs[1].node: node for node in nodes if type(node.op) is ScanLast and node.inputs[1] is not None}
    found: set[Node] = set()
    runs = _runs(nodes)
    waiting = [value.node for value in outputs]
    while waiting:
        _add(waiting, found, ends)
        waiting = [node for node in _beside(found, runs) if node not in found] if runs else []
    return found


def needed_inputs(inputs: Iterable[Node], kept: set[Node]) -> set[Node]:
    """The inputs that nodes read, and those that alone tell a size of them; where there are none the first."""
    found = {node for node in inputs if node in kept}
    if not found:  # what is computed of nothing is computed where and as an input is
        found.add(next(iter(inputs)))
    told = {name for node in found for name in _sizes(node)}
    wanted = {name for node in kept for name in _sizes(node)} - told
    for node in inputs:
        if not wanted.isdisjoint(_sizes(node)):
            found.add(node)
            wanted -= _sizes(node)
    return found


def _sizes(node: Node) -> set[str]:
    """The sizes that only the run knows, in what a node makes."""
    return {name for type in node.types for dim in type.shape for name in names_in(dim)}


def _add(waiting: list[Node], found: set[Node], ends: Mapping[Node, Node]) -> None:
    while waiting:
        node = waiting.pop()
        if node in found:
            continue
        found.add(node)
        waiting += [value.node for value in (*node.inputs, *node.tie.values()) if value is not None]
        if node.share is not None:
            waiting.append(node.share)
        if node in ends:  # what a step is given is what the step before made
            waiting.append(ends[node])


def _runs(nodes: Sequence[Node]) -> dict[Node, list[Node]]:
    """What runs in scopes that run another's modules again, by the node that owns each module, which is among them."""
    found: dict[Node, list[Node]] = {}
    for node in nodes:
        if node.share is not None and _shared(node) is not None:
            found.setdefault(node.share, [node.share]).append(node)
    return found


def _beside(found: set[Node], runs: Mapping[Node, list[Node]]) -> Iterator[Node]:
    """The same parts of other runs of a module of which some part is needed."""
    active = {_shared(node) for node in found}
    for owner, each in runs.items():
        if owner in found:
            yield from (node for node in each if _shared(node) in active)


def _shared(node: Node) -> Scope | None:
    """The outermost scope around a node that runs another's modules again."""
    return next((scope for scope in reversed([*scopes_around(node)]) if scope.share is not None), None)


def forget_removed(scopes: Iterable[Scope], kept: set[Node]) -> None:
    """Leaves out of scopes what was read and given by nodes that are not there any more."""
    for scope in scopes:
        scope.inputs = {port: v if v is None or v.node in kept else None for port, v in scope.inputs.items()}
        scope.outputs = {name: value for name, value in scope.outputs.items() if value.node in kept}
        scope.checks = [check for check in scope.checks if check.value.node in kept]
        scope.features = {name: value for name, value in scope.features.items() if value.node in kept}


def remove(item: Item) -> None:
    """Takes a node out of its scope, and a scope that is empty then."""
    while item.scope is not None:
        del item.scope.children[item.name]
        if item.scope.children:
            return
        item = item.scope
