"""Expressions of the spec in Python's words, with whatever does not vary computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.tree import Binary, Call, Choice, Literal, Logic, Name, Tree
from archdsl.expressions.walking import children, free_names, rebuild
from archdsl.ir.graph import Env
from archdsl_torch.lowering.text import all_same, distinct, is_static

FUNCTIONS: Final = {
    **{name: name for name in ("min", "max", "sum", "len", "abs", "int", "float", "round", "range", "make_divisible")},
    **{name: f"math.{name}" for name in ("ceil", "floor", "sqrt", "exp", "log", "log2", "sin", "cos", "tanh")},
}
"""The expression language's functions that Python has, by their name there."""


class Untold(Exception):
    """Values that there are no words for."""


TreeOf = Callable[[str, Sequence[Any]], Tree]


def translate(tree: Tree, envs: Sequence[Env], named: TreeOf, keep: frozenset[str] = frozenset()) -> Tree:
    """The tree over the names that `named` gives, for instances that see `envs`.

    Names in `keep` stay. Raises Untold where `named` does, or for what Python cannot say.
    """
    names = free_names(tree)
    if not names & keep:
        value = _constant(tree, names, envs)
        if value is not None:
            return value
    if isinstance(tree, Name):
        return tree if tree.name in keep else named(tree.name, [env.find(tree.name) for env in envs])
    if not children(tree):
        raise Untold("a value that varies")
    changed = rebuild(tree, lambda child: translate(child, envs, named, keep))
    if isinstance(changed, Call):
        if changed.function == "make_divisible" and len(changed.arguments) > 2:
            raise Untold(changed.function)
        if changed.function not in FUNCTIONS and not keep:
            raise Untold(changed.function)
        return changed if keep else Call(FUNCTIONS[changed.function], changed.arguments)
    return _simpler(changed)


def _constant(tree: Tree, names: frozenset[str], envs: Sequence[Env]) -> Tree | None:
    """The tree's value as a literal, where it is the same everywhere and can be written."""
    if isinstance(tree, Literal):
        return tree
    envs = distinct(envs)
    try:
        for name in names:
            found = [env.find(name) for env in envs]
            if any(binding is None or not is_static(binding.value) for binding in found):
                return None
        expression = Expression("", tree)
        values = [expression.evaluate(env) for env in (envs if names else envs[:1])]
    except ExpressionError:
        return None
    if not all_same(values):
        return None
    plain = isinstance(values[0], int | float | str | bool) or values[0] is None
    return Literal(values[0]) if plain else None


def _simpler(tree: Tree) -> Tree:
    """Without `0 +` and `* 1`, and without the parts of choices, `and` and `or` that decide nothing."""
    if isinstance(tree, Binary) and tree.sign == "+" and tree.left == Literal(0):
        return tree.right
    if isinstance(tree, Binary) and tree.sign == "*" and _is_one(tree.right):
        return tree.left
    if isinstance(tree, Choice) and isinstance(tree.condition, Literal):
        return tree.then if tree.condition.value else tree.otherwise
    if not isinstance(tree, Logic):
        return tree
    neutral = tree.word == "and"
    parts = tuple(part for part in tree.parts if part != Literal(neutral))
    if not parts:
        return Literal(neutral)
    return parts[0] if len(parts) == 1 else Logic(tree.word, parts)


def _is_one(tree: Tree) -> bool:
    """Whether it is the whole number; `* 1.0` would make a float."""
    return isinstance(tree, Literal) and type(tree.value) is int and tree.value == 1


def agrees(said: Any, value: Any) -> bool:
    """Whether an expression's value is the op's: one number stands for equal ones."""
    if isinstance(value, tuple) and not isinstance(said, tuple | list):
        return all(agrees(said, item) for item in value)
    if isinstance(said, list):
        said = tuple(said)
    if isinstance(value, bool) and not isinstance(said, bool):
        return bool(said) == value
    if isinstance(said, tuple) or isinstance(value, tuple):
        return bool(said == value)
    return type(said) is type(value) and bool(said == value)
