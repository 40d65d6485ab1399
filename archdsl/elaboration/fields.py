"""Raw values of a spec, prepared once and evaluated many times.

A value becomes one of: plain data, a `Text` (a text field with `$`), an `Expression`, or a list or
mapping of these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from archdsl.expressions import Expression, parse
from archdsl.graph import Env
from archdsl.ops.base import FieldSpec
from archdsl.template import Text, parse_text


class ValueList(NamedTuple):
    """A list of prepared values of a text field."""

    items: tuple[Any, ...]


class ValueMap(NamedTuple):
    """A mapping of prepared values: a node template passed as an argument."""

    items: tuple[tuple[str, Any], ...]


def prepare(raw: Any, *, text: bool, words: frozenset[str] = frozenset()) -> Any:
    """A raw value ready for `evaluate`. Raises ExpressionError with offsets in the value's text."""
    if isinstance(raw, str):
        if raw in words:
            return raw
        return prepare_text(raw) if text or raw.startswith("$") else parse(raw)
    if isinstance(raw, Mapping):
        return ValueMap(tuple((key, prepare(value, text=key == "op", words=words)) for key, value in raw.items()))
    if isinstance(raw, list):
        return _prepare_list(raw, text, words)
    return raw


def prepare_text(raw: str) -> Any:
    text = parse_text(raw)
    return raw if text.literal is not None else text


def prepare_field(raw: Any, spec: FieldSpec) -> Any:
    """A field of an op: its type decides whether a string is text or an expression."""
    if spec.text and isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    return prepare(raw, text=spec.text, words=spec.words)


def evaluate(value: Any, env: Env) -> Any:
    """A prepared value in an environment. Raises ExpressionError."""
    if isinstance(value, Expression):
        return value.evaluate(env)
    if isinstance(value, Text):
        return evaluate_text(value, env)
    if isinstance(value, ValueList):
        return tuple(evaluate(item, env) for item in value.items)
    if isinstance(value, ValueMap):
        return {key: evaluate(item, env) for key, item in value.items}
    return value


def evaluate_text(text: Text, env: Env) -> Any:
    """The text with its substitutions; where it is one substitution and nothing else, its value."""
    if len(text.parts) == 1:
        part = text.parts[0]
        return part.literal if part.expression is None else part.expression.evaluate(env)
    return "".join(
        part.literal if part.expression is None else str(part.expression.evaluate(env)) for part in text.parts
    )


def join_items(raw: list[Any]) -> str:
    """A list as one expression's text: YAML splits `[min(a, b), 3]` into three items."""
    return "[" + ", ".join(_item_text(item) for item in raw) + "]"


def _item_text(item: Any) -> str:
    if isinstance(item, list):
        return join_items(item)
    return item if isinstance(item, str) else repr(item)


def _prepare_list(raw: list[Any], text: bool, words: frozenset[str]) -> Any:
    if text:
        return ValueList(tuple(prepare(str(item), text=True) for item in raw))
    if any(isinstance(item, Mapping) for item in raw):
        return ValueList(tuple(prepare(item, text=False, words=words) for item in raw))
    if all(not isinstance(item, str | list) for item in raw):
        return tuple(raw)
    return parse(join_items(raw))


def freeze(value: Any) -> Any:
    """The same value, hashable; `true` and 1 stay apart."""
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in value)
    if isinstance(value, dict):
        return tuple((key, freeze(item)) for key, item in value.items())
    return value
