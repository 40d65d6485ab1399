"""`for` keys that hold no nodes: in `inputs` and `outputs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.document import kind_of
from archdsl.elaboration.fields import evaluate_text
from archdsl.expressions import ExpressionError
from archdsl.graph import Binding, Env
from archdsl.limits import current
from archdsl.substitution import parse_text
from archdsl.template import TemplateError, compile_loop, for_key

Path = tuple[Any, ...]


def expanded(raw: Mapping[str, Any], env: Env, path: Path) -> Iterator[tuple[str, Any, Path, Env]]:
    """Each entry with its name, its value, where it is written and the names that it sees.

    Raises TemplateError and ExpressionError.
    """
    for key, value in raw.items():
        at = (*path, key)
        if for_key(key) is None:
            yield str(evaluate_text(parse_text(key), env)), value, at, env
            continue
        if not isinstance(value, Mapping):
            raise TemplateError(
                "bad-for", f"`{key}` holds a mapping here, found {kind_of(value)}", at, hint="give each entry a name"
            )
        for inner in turns(key, env, at):
            yield from expanded(value, inner, at)


def listed(raw: list[Any], env: Env, path: Path) -> Iterator[tuple[str, Path]]:
    """Each path of a list, `for` items expanded, with where it is written. Raises TemplateError and ExpressionError."""
    for position, item in enumerate(raw):
        at = (*path, position)
        if not isinstance(item, Mapping):
            yield path_text(item, env), at
            continue
        for key, value in item.items():
            for inner in turns(key, env, (*at, key)):
                for found, _ in listed(value if isinstance(value, list) else [value], inner, at):
                    yield found, (*at, key)


def turns(key: str, env: Env, at: Path) -> Iterator[Env]:
    """What each turn of a `for` key sees. Raises TemplateError and ExpressionError."""
    targets, iterable = compile_loop(key, at)
    found = iterable.evaluate(env)
    current().spend("expansions", len(found))
    for turn in found:
        yield Env({name: Binding(one, "loop") for name, one in zip(targets, turn, strict=True)}, env)


def path_text(raw: Any, env: Env) -> str:
    """A path with its `$` substituted. Raises ExpressionError."""
    if not isinstance(raw, str | int) or isinstance(raw, bool):
        raise ExpressionError(f"expected the path of a node, found {kind_of(raw)}", 0, 1, None)
    return str(evaluate_text(parse_text(str(raw)), env))
