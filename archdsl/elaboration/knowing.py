"""Names in expressions that cannot be evaluated: whether each of them means something is known all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from archdsl.document.substitution import Text
from archdsl.elaboration.fields import ValueList, ValueMap
from archdsl.elaboration.frames import Frame, find
from archdsl.elaboration.unfound import may_be_node
from archdsl.expressions import Expression, ExpressionError
from archdsl.expressions.tree import Attribute, Name
from archdsl.expressions.walking import free_names, walk
from archdsl.ir.graph import Env
from archdsl.text.nearest import did_you_mean


def check_names(value: Any, env: Env, is_node: Callable[[str], bool]) -> None:
    """Raises ExpressionError for the first name of a prepared value that means nothing.

    `is_node` says whether a name may be that of a node, whose shape an expression reads.
    """
    for expression, offset in _expressions(value):
        shaped = _shaped(expression.tree)
        name = next((n for n in sorted(expression.names) if n not in env and not (n in shaped and is_node(n))), None)
        if name is not None and not env.may_miss(name):
            error = unknown_name(expression, name, env)
            error.move(error.start + offset, error.end + offset)
            raise error


def check_names_here(value: Any, frame: Frame) -> None:
    """The same in a frame."""
    check_names(value, frame.env, lambda name: find(frame, name) is not None or may_be_node(frame, name))


def _shaped(tree: Any) -> frozenset[str]:
    """The names whose shape is asked for."""
    asked = (free_names(part.value) for part in walk(tree) if isinstance(part, Attribute) and part.name == "shape")
    return frozenset().union(*asked)


def _expressions(value: Any) -> Iterator[tuple[Expression, int]]:
    """The expressions of a prepared value, each with where it begins in the value's text."""
    if isinstance(value, Expression):
        yield value, 0
    elif isinstance(value, Text):
        yield from ((part.expression, part.offset) for part in value.parts if part.expression is not None)
    elif isinstance(value, ValueList):
        for item in value.items:
            yield from _expressions(item)
    elif isinstance(value, ValueMap):
        for _, item in value.items:
            yield from _expressions(item)


def unknown_name(expression: Expression, name: str, env: Env) -> ExpressionError:
    """What to say of a name that means nothing here."""
    start = name_places(expression.tree)[name]
    hint = did_you_mean(name, env.keys())
    return ExpressionError(f"unknown name `{name}`", start, start + len(name), hint, unknown=name)


def name_places(tree: Any) -> dict[str, int]:
    """Where each name of a tree first stands."""
    found: dict[str, int] = {}
    for part in walk(tree):
        if isinstance(part, Name):
            found[part.name] = min(part.start, found.get(part.name, part.start))
    return found
