"""Formulas: paths of nodes are names, and elementwise functions take tensors and numbers."""

from __future__ import annotations

import math

import pytest

from archdsl.expressions import Expression, ExpressionError, parse, parse_formula
from archdsl.expressions.functions import CONSTANTS
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Call, Literal, Name
from archdsl.expressions.walking import walk
from archdsl.shapes import TensorType

# --- formulas -------------------------------------------------------------------------------------


def formula(text: str, *nodes: str) -> Expression:
    return parse_formula(text, set(nodes).__contains__)


def test_the_longest_path_that_names_a_node_is_one_name() -> None:
    found = formula("layer1.0 + layer1.0.conv1 * gates.f", "layer1", "layer1.0", "layer1.0.conv1", "gates.f")
    assert found.names == {"layer1.0", "layer1.0.conv1", "gates.f"}
    assert to_text(found.tree) == "layer1.0 + layer1.0.conv1 * gates.f"


def test_a_path_ends_where_no_node_is_called_so() -> None:
    found = formula("x.shape[1] + stage.kernel", "x")
    assert found.names == {"x", "stage"}
    assert found.evaluate({"x": TensorType((2, 3)), "stage": {"kernel": 4}}) == 7


def test_a_name_before_a_bracket_is_a_function() -> None:
    found = formula("sum (sum) + min(min, 1)", "sum", "min")
    assert found.names == {"sum", "min"}
    assert {node.function for node in walk(found.tree) if isinstance(node, Call)} == {"sum", "min"}


def test_positions_in_formulas_are_those_of_the_text() -> None:
    text = "é * layer1.0 + 1 * gäte.f"
    tree = formula(text, "layer1.0", "gäte.f").tree
    names = [text[node.start : node.end] for node in walk(tree) if isinstance(node, Name)]
    assert names == ["é", "layer1.0", "gäte.f"]


def test_paths_inside_text_and_numbers_are_left_alone() -> None:
    assert formula("'a.b' == c or 1e5 > 0", "a.b", "e5").names == {"c"}


def test_a_node_may_be_called_like_a_constant() -> None:
    assert formula("pi + 1", "pi").names == {"pi"}
    assert formula("pi + 1").names == frozenset()


def test_an_unknown_path() -> None:
    with pytest.raises(ExpressionError, match=r"no node is called `layer1\.0`") as caught:
        formula("2 * layer1.0")
    assert (caught.value.start, caught.value.end) == (4, 12)


def test_a_path_is_no_function() -> None:
    with pytest.raises(ExpressionError, match="calls a method"):
        formula("gates.f(2)", "gates.f", "gates")


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("clamp(x, 0, 6)", (0, 6)),
        ("clamp(x, min=0)", (0, None)),
        ("clamp(x, max=6)", (None, 6)),
        ("clamp(x, max=6, min=0)", (0, 6)),
        ("clamp(x, 1)", (1, None)),
    ],
)
def test_clamp(text: str, bounds: tuple[object, object]) -> None:
    tree = formula(text, "x", "min").tree
    assert isinstance(tree, Call)
    assert tree.arguments == (Name("x"), *map(Literal, bounds))
    assert formula(to_text(tree), "x").tree == tree


@pytest.mark.parametrize(
    "text", ["clamp(x)", "clamp(x, low=1)", "clamp(x, 1, min=1)", "clamp(min=1)", "clamp(1, 2, 3, 4)"]
)
def test_clamp_refuses(text: str) -> None:
    with pytest.raises(ExpressionError, match="`clamp` takes"):
        formula(text, "x")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("relu(-2) + relu(3)", 3),
        ("clamp(7, 0, 6) + clamp(-1, min=0) + clamp(9, max=1)", 7),
        ("rsqrt(4)", 0.5),
        ("erf(0) + silu(0)", 0.0),
        ("softplus(0)", math.log(2)),
        ("softplus(1000)", 1000.0),
        ("gelu(1)", 0.8413447460685429),
    ],
)
def test_elementwise_functions_of_numbers(text: str, expected: float) -> None:
    assert formula(text).evaluate({}) == pytest.approx(expected)


def test_constants_cannot_be_names() -> None:
    assert all(parse(name).names == frozenset() for name in CONSTANTS)
