"""How a value is written in the spec: words that may hold for every instance of a class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import final

from archdsl.expressions import Expression
from archdsl.expressions.tree import Sequence as SequenceTree
from archdsl.ir.graph import Env, Node, Scope


@final
@dataclass(frozen=True, slots=True)
class Hint:
    """The expression that a value is written as, and the names that it saw in each instance."""

    expression: Expression
    envs: tuple[Env, ...]


def condition_hint(unit: Node | Scope, envs: Sequence[Env]) -> Hint | None:
    """The `if` of a node, which each instance of the class around sees in its own names."""
    condition = None if unit.site is None else unit.site.condition
    return None if condition is None else Hint(condition, tuple(envs))


def node_hint(nodes: Sequence[Node], field_name: str | None) -> Hint | None:
    """The expression that a field of these nodes is written as."""
    return field_hint(nodes, field_name, [node.env for node in nodes])


def field_hint(units: Sequence[Node | Scope], field_name: str | None, envs: Sequence[Env]) -> Hint | None:
    """The expression that a field of units is written as, where they are written in one place."""
    site = units[0].site
    if site is None or field_name is None or any(unit.site is not site for unit in units):
        return None
    written = site.fields.get(field_name)
    return None if written is None else Hint(written, tuple(envs))


def element_hints(hint: Hint | None, count: int) -> list[Hint | None]:
    """The expressions of a list's elements, one by one."""
    tree = None if hint is None else hint.expression.tree
    if hint is None or not isinstance(tree, SequenceTree) or len(tree.items) != count:
        return [None] * count
    return [Hint(element, hint.envs) for element in _elements(hint.expression)]


@lru_cache(maxsize=4096)
def _elements(expression: Expression) -> list[Expression]:
    """Those of a list; by the expression, which is itself alone, since the tree of 1 equals that of 1.0."""
    assert isinstance(expression.tree, SequenceTree)
    return [Expression("", item) for item in expression.tree.items]
