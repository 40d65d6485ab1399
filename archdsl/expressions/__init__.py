"""The expression language of specs: no Python runs, and no cost is unbounded.

    >>> parse("64 * 2 ** i").evaluate({"i": 3})
    512

Numbers, text, booleans, None, lists, tuples, the rows of tables and symbolic dimensions are values.
A comparison of dimensions that the sizes decide raises ExpressionError.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, final

from archdsl.expressions.compiled import Closure, Names, compile_tree
from archdsl.expressions.error import ExpressionError
from archdsl.expressions.parser import parse_tree
from archdsl.expressions.tokens import find_owners, find_paths
from archdsl.expressions.tree import Tree
from archdsl.expressions.walking import free_names

__all__ = ["Expression", "ExpressionError", "Names", "parse", "parse_formula"]


@final
class Expression:
    """A parsed expression; immutable. `names` are those that it reads from outside."""

    __slots__ = ("_run", "names", "text", "tree")

    text: str
    tree: Tree
    names: frozenset[str]

    def __init__(self, text: str, tree: Tree) -> None:
        self.text = text
        self.tree = tree
        self.names = free_names(tree)
        self._run: Closure | None = None

    def evaluate(self, env: Names) -> Any:
        """The value, names read from `env`.

        Raises ExpressionError for an unknown name, operands of the wrong kind, a decision that only
        the run can make, or too high a cost.
        """
        run = self._run
        if run is None:
            run = self._run = compile_tree(self.tree)
        try:
            return run(env)
        except RecursionError:
            raise ExpressionError("the value is nested too deeply", 0, len(self.text)) from None

    def __reduce__(self) -> tuple[type[Expression], tuple[str, Tree]]:
        """Without what evaluation has made of the tree."""
        return Expression, (self.text, self.tree)

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"


@lru_cache(maxsize=65536)
def parse(text: str) -> Expression:
    """Reads an expression. Raises ExpressionError."""
    return Expression(text, parse_tree(text, find_owners(text)))


def parse_formula(text: str, is_node: Callable[[str], bool]) -> Expression:
    """Reads a formula: the longest dotted path for which `is_node` holds is one `Name`.

    Formulas also have the elementwise functions (`relu`, `clamp`, …). Raises ExpressionError.
    """
    return _parse_formula(text, find_paths(text, is_node))


@lru_cache(maxsize=16384)
def _parse_formula(text: str, paths: tuple[tuple[int, int], ...]) -> Expression:
    return Expression(text, parse_tree(text, paths, formula=True))
