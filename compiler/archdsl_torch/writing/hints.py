"""How a value is written in the spec: words that may hold for every instance of a class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias, final

from archdsl.expressions import Expression
from archdsl.expressions.tree import Sequence as SequenceTree
from archdsl.expressions.walking import free_names
from archdsl.ir.graph import Env, Node, Scope
from archdsl.shapes import Dim, Symbolic


@final
@dataclass(frozen=True, slots=True)
class Hint:
    """The expression that a value is written as, and the names that it saw in each instance."""

    expression: Expression
    envs: tuple[Env, ...]

    @property
    def key(self) -> object:
        """Equal for hints that say the same: they may see other names beside, such as a loop's counter."""
        bindings = [env.find(name) for name in _names(self.expression) for env in self.envs]
        defined = any(binding is not None and binding.definition is not None for binding in bindings)
        return self.expression, self.envs if defined else tuple(map(id, bindings))


@lru_cache(maxsize=4096)
def _names(expression: Expression) -> frozenset[str]:
    """Those that the expression reads."""
    return free_names(expression.tree)


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


def caller_env(scope: Scope) -> Env:
    """The names that a scope's own fields saw."""
    if scope.loops:
        return scope.loops[-1].env
    return scope.scope.env if scope.scope is not None else scope.env


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


Lets: TypeAlias = "dict[int, dict[Dim, list[str]]]"
"""By the identity of an environment: the names of its own `let`s of run-time sizes, by their values."""


@final
class SizeNames:
    """The names of run-time sizes that instances see, by their values."""

    def __init__(self, envs: tuple[Env, ...], lets: Lets) -> None:
        self.envs = envs
        self._lets = lets

    def __bool__(self) -> bool:
        return bool(self.envs)

    @property
    def key(self) -> object:
        """Equal where they define the same."""
        return self.envs if any(map(self._defines, self.envs)) else ()

    def _defines(self, env: Env) -> bool:
        around: Env | None = env
        while around is not None:
            if self._own(around):
                return True
            around = around.parent
        return False

    def defined(self, values: Sequence[Dim]) -> Iterator[tuple[str, Expression]]:
        """The names that have these values, one in each instance, with their definitions."""
        around = self.envs[0] if self.envs else None
        while around is not None:
            for name in self._own(around).get(values[0], ()):
                bindings = [env.find(name) for env in self.envs]
                definition = bindings[0].definition if bindings[0] is not None else None
                if definition is not None and all(
                    own is not None and own.value == value for own, value in zip(bindings, values, strict=True)
                ):
                    yield name, definition
            around = around.parent

    def _own(self, env: Env) -> dict[Dim, list[str]]:
        """The names that an environment adds to those around it."""
        found = self._lets.get(id(env))
        if found is None:
            found = self._lets[id(env)] = {}
            for name, binding in env.names.items():
                if binding.kind == "let" and isinstance(binding.value, Symbolic):
                    found.setdefault(binding.value, []).append(name)
        return found
