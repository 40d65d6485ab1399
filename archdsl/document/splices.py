"""The keys that splice in what stands under them: `for name in expression:` once per turn, `if expression:` or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from archdsl.document.positions import Path
from archdsl.document.template import TemplateError, located
from archdsl.expressions import Expression, ExpressionError, parse
from archdsl.expressions.compiled import holds
from archdsl.faults.code import Code
from archdsl.shapes import Symbolic

_FOR = re.compile(r"for\b(?P<targets>.*?)\bin\b(?P<rest>.*)", re.DOTALL)
NAME = re.compile(r"[A-Za-z_]\w*")

Evaluate = Callable[[Expression], Any]
"""Gives the value of an expression. Raises ExpressionError."""


def is_splice(key: object) -> bool:
    """Whether a key is a `for` or an `if` that holds further entries."""
    return isinstance(key, str) and key.startswith(("for ", "for(", "if ", "if("))


def word_of(key: str) -> str:
    """Which of the two a key is."""
    return "if" if key.startswith(("if ", "if(")) else "for"


def code_of(key: str) -> Code:
    """The code of what is wrong with the form of such a key."""
    return Code.BAD_FOR if word_of(key) == "for" else Code.BAD_IF


def sole_splice(value: Any) -> str | None:
    """The key of a list's item that is a loop or a group."""
    if isinstance(value, Mapping) and len(value) == 1:
        key = next(iter(value))
        if is_splice(key):
            return str(key)
    return None


class Splice(NamedTuple):
    """A key, read. An `if` has one turn or none."""

    key: str
    path: Path
    targets: tuple[str, ...]
    """The loop variables."""
    expression: Expression
    """What lists the values of the targets in each turn; of an `if` its condition."""
    shift: int
    """Where the key's text begins in that of the expression."""

    def turns(self, evaluate: Evaluate) -> list[tuple[Any, ...]]:
        """The values of the targets in each turn. Raises TemplateError, which stands at the key."""
        try:
            if word_of(self.key) == "for":
                found: list[tuple[Any, ...]] = _evaluated("for", self.expression, evaluate)
                return found
            return [()] if decided(self.expression, evaluate) else []
        except ExpressionError as error:
            raise _in_key(error, self.path, self.shift) from None


def decided(condition: Expression, evaluate: Evaluate) -> bool:
    """Whether an `if` holds. Raises ExpressionError, also where only the run knows."""
    value = _evaluated("if", condition, evaluate)
    if isinstance(value, Symbolic):
        raise ExpressionError(
            f"`if` is decided when the graph is built, and {value} is known only at run time",
            0, len(condition.text), "make the size a parameter of the file",
        )  # fmt: skip
    return holds(value, condition.tree)


def _evaluated(word: str, expression: Expression, evaluate: Evaluate) -> Any:
    try:
        return evaluate(expression)
    except ExpressionError as error:
        if error.undecided:
            error.advise(f"`{word}` is decided when the graph is built: make the size a parameter of the file")
        raise


def compile_splice(key: str, path: Path) -> Splice:
    """A `for` or `if` key. Raises TemplateError."""
    targets = _targets(key, path) if word_of(key) == "for" else ()
    before = f"[({', '.join(targets)},) "
    text, shift = (f"{before}{key.rstrip(':')}]", len(before)) if targets else (key[2:], -2)
    try:
        return Splice(key, path, targets, parse(text), shift)
    except ExpressionError as error:
        raise _in_key(error, path, shift) from None


def _targets(key: str, path: Path) -> tuple[str, ...]:
    match = _FOR.fullmatch(key)
    if match is None:
        raise TemplateError(
            Code.BAD_FOR, f"cannot read `{key}`", path, hint="write `for name in expression:`", key=True
        )
    targets = tuple(NAME.findall(match["targets"]))
    if not targets or len(set(targets)) != len(targets):
        raise TemplateError(Code.BAD_FOR, f"`{key}` needs loop variables with different names", path, key=True)
    return targets


def _in_key(error: ExpressionError, path: Path, shift: int) -> TemplateError:
    """The same mistake in the text of a key that begins at `shift` of the expression's."""
    error.move(max(error.start - shift, 0), max(error.end - shift, 1))
    return located(error, path, key=True)
