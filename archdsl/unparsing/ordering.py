"""The order in which a scope's modules are registered, where that is not the one in which they run."""

from __future__ import annotations

from typing import TypeAlias

from archdsl.ir.graph import Node, Scope
from archdsl.unparsing.draft import DraftScope

_Named: TypeAlias = "dict[str, _Named | None]"
"""Names of children; of a container those in it."""


def order_of(scope: DraftScope) -> list[str]:
    """What stands under `order`: nothing where modules are registered as they run."""
    named = [child.name for child in scope.children]
    kept = {child.name for child in scope.children if has_tensors(child.item)}
    wanted = [name for name in _registered(scope.item, "") if name in kept]
    if not kept or (_sorted([], named, kept) == wanted and not _again(scope, wanted)):
        return []
    for length in range(len(wanted) + 1):
        order = [*wanted[:length], *(name for name in _again(scope, wanted) if name not in wanted[:length])]
        if _sorted(order, named, kept) == wanted:
            return order
    return wanted


def _again(scope: DraftScope, wanted: list[str]) -> list[str]:
    """Modules of others that are registered here as well."""
    again = {child.name for child in scope.children if child.item.registered}
    return [name for name in wanted if name in again]


def has_tensors(item: Node | Scope) -> bool:
    """Whether anything of it is in the `state_dict`."""
    if item.share is not None and not item.registered:
        return False
    if isinstance(item, Node):
        return bool(item.tensors)
    return any(map(has_tensors, item.children.values())) or (item.share is not None and has_tensors(item.share))


def _registered(scope: Scope, before: str) -> list[str]:
    """The names of a scope's children as they are registered, those in containers dotted."""
    names: list[str] = []
    for name, child in scope.children.items():
        container = isinstance(child, Scope) and child.kind.value == "container"
        names += _registered(child, f"{before}{name}.") if container and isinstance(child, Scope) else [before + name]
    return names


def _sorted(order: list[str], named: list[str], kept: set[str]) -> list[str]:
    """The children as they come to stand under an `order`, containers where they are first named."""
    tree: _Named = {}
    for name in (*order, *named):
        inner = tree
        *containers, last = name.split(".")
        for part in containers:
            found = inner.setdefault(part, {})
            inner = found if found is not None else {}
        inner.setdefault(last)
    return [name for name in _flat(tree, "") if name in kept]


def _flat(tree: _Named, before: str) -> list[str]:
    names: list[str] = []
    for name, inner in tree.items():
        names += [before + name] if inner is None else _flat(inner, f"{before}{name}.")
    return names
