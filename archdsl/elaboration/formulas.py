"""Formulas and constants of a spec turned into ops: names resolved, numbers folded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.diagnostics import nearest
from archdsl.elaboration.fields import evaluate_text
from archdsl.expression_tree import Literal, Name, children, free_names, literal_of, rebuild, substitute
from archdsl.expressions import Expression, ExpressionError, parse_formula
from archdsl.graph import Env
from archdsl.template import Text


def formula_text(text: Text, env: Env) -> str:
    """A formula with its `$` substituted; without any, offsets are those of the source."""
    return text.raw if text.literal is not None else str(evaluate_text(text, env))


def bind_values(expression: Expression, tensors: Mapping[str, int], env: Env) -> Any:
    """The formula's tree: tensors named by their input's index, other names and sums of numbers folded.

    Raises ExpressionError for a name that is neither a node nor a value.
    """
    replaced: dict[str, Any] = {name: Name(str(index)) for name, index in tensors.items()}
    for name in expression.names - tensors.keys():
        if name not in env:
            raise unknown_name(expression, name, env)
        replaced[name] = literal_of(env[name])
    return fold(substitute(expression.tree, replaced), frozenset(str(i) for i in tensors.values()))


def bind_constant(raw: Any, index: tuple[str, ...], env: Env) -> Any:
    """The tree of a constant's element, in which only its indices are names. Raises ExpressionError."""
    if not isinstance(raw, str):
        return literal_of(raw if not isinstance(raw, list) else tuple(raw))
    expression = parse_formula(raw, lambda _: False)
    replaced: dict[str, Any] = {}
    for name in expression.names - set(index):
        if name not in env:
            raise unknown_name(expression, name, env)
        replaced[name] = literal_of(env[name])
    return fold(substitute(expression.tree, replaced), frozenset(index))


def fold(tree: Any, tensors: frozenset[str]) -> Any:
    """The tree with every part that no tensor enters computed."""
    if isinstance(tree, Literal | Name):
        return tree
    if not free_names(tree) & tensors:
        return literal_of(Expression("", tree).evaluate({}))
    return rebuild(tree, lambda child: fold(child, tensors))


def unknown_name(expression: Expression, name: str, env: Env) -> ExpressionError:
    """What to say of a name that means nothing here."""
    start = _position(expression.tree, name)
    near = nearest(name, env.keys())
    return ExpressionError(
        f"unknown name `{name}`", start, start + len(name), f"did you mean `{near}`?" if near else None
    )


def _position(tree: Any, name: str) -> int:
    if isinstance(tree, Name):
        return tree.start if tree.name == name else -1
    return max((_position(child, name) for child in children(tree)), default=-1)
