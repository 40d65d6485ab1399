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

from archdsl.evaluate import Names, Run, compile_tree
from archdsl.expression_functions import CONSTANTS, FORMULA_FUNCTIONS, FUNCTIONS
from archdsl.expression_parser import parse_tree
from archdsl.expression_scan import find_owners, find_paths
from archdsl.expression_text import to_text
from archdsl.expression_tree import (
    Attribute,
    Binary,
    Call,
    Choice,
    Compare,
    Comprehension,
    ExpressionError,
    Item,
    Literal,
    Logic,
    Loop,
    Name,
    Sequence,
    Slice,
    Tree,
    Unary,
    children,
    free_names,
    literal_of,
    rebuild,
    substitute,
    walk,
)

__all__ = [
    "CONSTANTS",
    "FORMULA_FUNCTIONS",
    "FUNCTIONS",
    "Attribute",
    "Binary",
    "Call",
    "Choice",
    "Compare",
    "Comprehension",
    "Expression",
    "ExpressionError",
    "Item",
    "Literal",
    "Logic",
    "Loop",
    "Name",
    "Names",
    "Sequence",
    "Slice",
    "Tree",
    "Unary",
    "children",
    "free_names",
    "literal_of",
    "parse",
    "parse_formula",
    "rebuild",
    "substitute",
    "to_text",
    "walk",
]


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
        self._run: Run | None = None

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
