"""`for` keys in mappings that hold no nodes: `inputs` and `outputs`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.document import kind_of
from archdsl.elaboration.fields import evaluate_text
from archdsl.graph import Binding, Env
from archdsl.template import TemplateError, compile_loop, for_key, parse_text

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
        targets, iterable = compile_loop(key, at)
        if not isinstance(value, Mapping):
            raise TemplateError(
                "bad-for", f"`{key}` holds a mapping here, found {kind_of(value)}", at, hint="give each entry a name"
            )
        for turn in iterable.evaluate(env):
            names = {name: Binding(one, "loop") for name, one in zip(targets, turn, strict=True)}
            yield from expanded(value, Env(names, env), at)
