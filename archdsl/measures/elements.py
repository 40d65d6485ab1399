"""One element of a tensor that is computed from constants alone, at known sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple, TypeAlias, final

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.expressions.walking import rebuild
from archdsl.measures.memory import Sizes
from archdsl.ops.base import Number, Op
from archdsl.ops.mirrors import by_class
from archdsl.shapes import Symbolic, evaluate

ElementRead: TypeAlias = Callable[[int, Sizes], Number]
"""The element of an input, by the input's number and the element's place."""


class UnknownElementError(Exception):
    """No rule says what stands there."""


@final
class FormulasAtSizes:
    """Expressions over numbers where the symbolic dimensions have these sizes."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self._sizes = sizes
        self._known: dict[int, tuple[Tree, Expression]] = {}
        """By the identity of a tree, which lives as long as its entry."""

    def of(self, tree: Tree, names: Mapping[str, Number]) -> Number:
        """What an expression gives. Raises UnknownElementError."""
        try:
            found: Any = self._expression(tree).evaluate(names)
        except (ExpressionError, KeyError) as error:
            raise UnknownElementError from error
        if not isinstance(found, int | float):
            raise UnknownElementError
        return found

    def _expression(self, tree: Tree) -> Expression:
        known = self._known.get(id(tree))
        if known is None:
            known = self._known[id(tree)] = (tree, Expression("", _at_sizes(tree, self._sizes)))
        return known[1]


class Sought(NamedTuple):
    """The element that is asked for."""

    place: Sizes
    shape: Sizes
    """Of the output in which it stands."""
    given: Sequence[Sizes]
    """The shapes of the inputs."""
    read: ElementRead
    formulas: FormulasAtSizes


@by_class("archdsl.measures.ops", "archdsl.measures")
def element(op: Op, at: Sought) -> Number:
    """What stands at a place of the output. Raises UnknownElementError."""
    raise UnknownElementError


def _at_sizes(tree: Tree, sizes: Mapping[str, int]) -> Tree:
    if isinstance(tree, trees.Literal) and isinstance(tree.value, Symbolic):
        return trees.Literal(evaluate(tree.value, sizes))
    return rebuild(tree, lambda child: _at_sizes(child, sizes))


def broadcast_place(place: Sizes, shape: Sizes) -> Sizes:
    """The place in an input of this shape that is read for a place of what it is broadcast to."""
    if len(shape) > len(place):
        raise UnknownElementError
    own = place[len(place) - len(shape) :]
    return tuple(0 if size == 1 else at for at, size in zip(own, shape, strict=True))


def regrouped_place(place: Sizes, shape: Sizes, before: Sizes) -> Sizes:
    """The place in a tensor of shape `before` of what stands at a place of it viewed in another shape."""
    if prod(shape) != prod(before):
        raise UnknownElementError
    flat = 0
    for at, size in zip(place, shape, strict=True):
        flat = flat * size + at
    found: list[int] = []
    for size in reversed(before):
        flat, at = divmod(flat, size) if size else (0, 0)
        found.append(at)
    return tuple(reversed(found))
