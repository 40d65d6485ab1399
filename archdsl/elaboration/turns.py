"""`for` and `if` keys that hold no nodes: in `inputs`, `outputs`, `from` and `renames`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.document.positions import Path
from archdsl.document.splices import Evaluate, Splice, code_of, compile_splice, is_splice
from archdsl.document.substitution import parse_text
from archdsl.document.template import TemplateError, located
from archdsl.elaboration.fields import evaluate_text
from archdsl.expressions import ExpressionError
from archdsl.faults.code import Code
from archdsl.ir.graph import Binding, Env
from archdsl.limits import current
from archdsl.text.spelled import kind_of


def expanded(raw: Mapping[str, Any], env: Env, path: Path) -> Iterator[tuple[str, Any, Path, Env]]:
    """Each entry with its name, its value, where it is written and the names that it sees. Raises TemplateError."""
    for key, value in raw.items():
        at = (*path, key)
        if not is_splice(key):
            yield str(_substituted(key, env, at, key=True)), value, at, env
            continue
        if not isinstance(value, Mapping):
            raise TemplateError(
                code_of(key), f"`{key}` holds a mapping here, found {kind_of(value)}", at, hint="give each entry a name"
            )
        for inner in turned(compile_splice(key, at), env):
            yield from expanded(value, inner, at)


def listed(raw: list[Any], env: Env, path: Path) -> Iterator[tuple[Any, Path, Env]]:
    """Each item of a list, `for` and `if` items expanded, with where it is written and the names that it sees.

    Raises TemplateError.
    """
    for position, item in enumerate(raw):
        at = (*path, position)
        if not isinstance(item, Mapping):
            yield item, at, env
            continue
        for key, value in item.items():
            for inner in turned(compile_splice(key, (*at, key)), env):
                if isinstance(value, list):
                    yield from listed(value, inner, (*at, key))
                else:
                    yield value, (*at, key), inner


def turned(splice: Splice, env: Env, evaluate: Evaluate | None = None) -> Iterator[Env]:
    """What each turn of a `for` or `if` key sees. Raises TemplateError, FollowOn."""
    found = splice.turns(evaluate or (lambda expression: expression.evaluate(env)))
    current().spend("expansions", len(found))
    for turn in found:
        yield Env({name: Binding(one, "loop") for name, one in zip(splice.targets, turn, strict=True)}, env)


def path_text(raw: Any, env: Env, at: Path) -> str:
    """A path with its `$` substituted. Raises TemplateError."""
    if not isinstance(raw, str | int) or isinstance(raw, bool):
        raise TemplateError(Code.WRONG_TYPE, f"expected the path of a node, found {kind_of(raw)}", at)
    return str(_substituted(str(raw), env, at))


def _substituted(raw: str, env: Env, at: Path, key: bool = False) -> Any:
    try:
        return evaluate_text(parse_text(raw), env)
    except ExpressionError as error:
        raise located(error, at, key) from None
