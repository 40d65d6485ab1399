"""The names of choices by mode, which no spec says: made up when all the others are known."""

from __future__ import annotations

from collections.abc import Container, Iterable
from itertools import chain, count
from typing import Final

from archdsl.ir.graph import Node, Scope
from archdsl.text.names import check_name

_UNNAMED: Final = " by mode"


def unnamed(name: str) -> str:
    """What the choice beside a node is called until it has its name; no node can be called so."""
    return f"{name}{_UNNAMED}"


def name_choices(nodes: Iterable[Node], inputs: Container[str]) -> None:
    """Gives each choice a name that a node could have, and that no other item of its scope and no input has."""
    found: dict[Scope, set[Node]] = {}
    for node in nodes:
        if node.name.endswith(_UNNAMED):
            assert node.scope is not None
            found.setdefault(node.scope, set()).add(node)
    for scope, choices in found.items():
        _name_choices(scope, choices, inputs)


def _name_choices(scope: Scope, choices: set[Node], inputs: Container[str]) -> None:
    named = {*scope.children}
    numbered = (f"by_mode_{number}" for number in count())
    for node in scope.children.values():
        if node not in choices:
            continue
        beside = f"{node.name.removesuffix(_UNNAMED)}_by_mode"
        free = (name for name in chain((beside,), numbered) if not (name in named or name in inputs))
        name = next(name for name in free if check_name(name) is None)
        node.path, node.name = f"{node.path.removesuffix(node.name)}{name}", name
        named.add(name)
    scope.children = {child.name: child for child in scope.children.values()}
