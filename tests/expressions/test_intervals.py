"""Bounds of whole numbers against all the values that there are."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.expressions import Expression, parse
from archdsl.expressions.intervals import Interval, interval
from archdsl.expressions.tree import Binary, Literal, Name, Tree, Unary
from tests.thorough import examples

RANGES = st.tuples(st.integers(-7, 7), st.integers(0, 6)).map(lambda pair: (pair[0], pair[0] + pair[1]))
TREES: st.SearchStrategy[Tree] = st.recursive(
    st.one_of(st.integers(-5, 9).map(Literal), st.sampled_from("ij").map(Name)),
    lambda inner: st.one_of(
        st.builds(Binary, st.sampled_from(["+", "-", "*", "//", "%"]), inner, inner),
        st.builds(Unary, st.just("-"), inner),
    ),
    max_leaves=6,
)


@settings(max_examples=examples(300))
@given(TREES, RANGES, RANGES)
def test_every_value_lies_between_the_bounds(tree: Tree, i: Interval, j: Interval) -> None:
    found = interval(tree, {"i": i, "j": j})
    if found is None:
        return
    for one, other in product(range(i[0], i[1] + 1), range(j[0], j[1] + 1)):
        assert found[0] <= Expression("", tree).evaluate({"i": one, "j": other}) <= found[1]


@pytest.mark.parametrize(
    ("text", "bounds"),
    [
        ("i", (0, 48)),
        ("(i // 7 - j // 7 + 6) * 13 + i % 7 - j % 7 + 6", (0, 168)),
        ("i % 50", (0, 48)),
        ("-i", (-48, 0)),
        ("100 // (j + 1)", (2, 100)),
    ],
)
def test_what_is_known_of_a_table_of_places(text: str, bounds: Interval) -> None:
    assert interval(parse(text).tree, {"i": (0, 48), "j": (0, 48)}) == bounds


@pytest.mark.parametrize("text", ["i / 2", "sqrt(i)", "2 ** i", "i // j", "i % j", "k", "1.0 * i", "true"])
def test_what_may_be_no_whole_number_has_no_bounds(text: str) -> None:
    assert interval(parse(text).tree, {"i": (0, 8), "j": (0, 8)}) is None
