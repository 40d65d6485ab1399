"""Symbolic sizes against integers: whatever is worked out with names is what Python computes with numbers for them."""

from __future__ import annotations

from collections.abc import Callable
from operator import add, floordiv, mod, mul, sub
from typing import Any, Final, TypeAlias

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archdsl.expressions import parse
from archdsl.ops.rules import divides, meet
from archdsl.shapes import Dim, Symbolic, differ, evaluate, least, symbol
from tests.thorough import examples

SIZES = st.fixed_dictionaries({name: st.integers(1, 40) for name in ("N", "H", "T")})
Tree: TypeAlias = "int | str | tuple[Callable[[Any, Any], Any], Any, Any]"
LEAVES: Final = st.one_of(st.sampled_from(["N", "H", "T"]), st.integers(-3, 12))
TREES: Final = st.recursive(
    LEAVES, lambda inner: st.tuples(st.sampled_from([add, sub, mul, floordiv, mod]), inner, inner), max_leaves=8
)
DIVISIONS: Final = st.tuples(st.sampled_from([floordiv, mod]), TREES, st.one_of(st.integers(1, 8), TREES))
"""Where sizes are halved and cut, which most of the arithmetic of layers is."""
_ONCE: Final = st.tuples(st.just(floordiv), st.one_of(LEAVES, TREES), st.integers(2, 4))
_SHIFTED: Final = st.tuples(st.just(add), _ONCE, st.integers(-3, 5))
TWICE: Final = st.tuples(st.just(floordiv), _SHIFTED, st.integers(2, 4))
"""A layer with padding after another that halves."""


def with_names(tree: Any) -> Dim:
    return _worked_out(tree, symbol)


def with_numbers(tree: Any, sizes: dict[str, int]) -> int:
    return int(_worked_out(tree, sizes.__getitem__))


def _worked_out(tree: Any, named: Callable[[str], Any]) -> Any:
    if isinstance(tree, str):
        return named(tree)
    if isinstance(tree, int):
        return tree
    sign, left, right = tree
    return sign(_worked_out(left, named), _worked_out(right, named))


@settings(max_examples=examples(400))
@given(st.one_of(TREES, DIVISIONS, TWICE), st.lists(SIZES, min_size=3, max_size=3))
def test_arithmetic(tree: Any, trials: list[dict[str, int]]) -> None:
    try:
        dim = with_names(tree)
    except ZeroDivisionError:
        assume(False)
    for sizes in trials:
        try:
            expected = with_numbers(tree, sizes)
        except ZeroDivisionError:
            continue
        try:
            found = evaluate(dim, sizes)
        except ZeroDivisionError:  # at these sizes; N % N is 0 by rule, and needs no division
            raise AssertionError(f"{dim} divides by zero at {sizes}, and Python gives {expected}") from None
        assert found == expected, f"{dim} is {found} at {sizes}, not {expected}"
        assert least(dim) <= expected, f"{dim} is {expected} at {sizes}, below {least(dim)}"


@settings(max_examples=examples(200))
@given(st.one_of(TREES, DIVISIONS), st.one_of(TREES, DIVISIONS), st.lists(SIZES, min_size=3, max_size=3))
def test_what_is_proved_is_so(left: Any, right: Any, trials: list[dict[str, int]]) -> None:
    """`differ` and `divides` say only what holds for all sizes; broadcasting gives a size that both have."""
    try:
        first, second = with_names(left), with_names(right)
        unequal = differ(first, second)
        multiple = divides(first, second) if first != 0 else None
    except ZeroDivisionError:
        assume(False)
    for sizes in trials:
        try:
            a, b = with_numbers(left, sizes), with_numbers(right, sizes)
        except ZeroDivisionError:
            continue
        assert unequal is None or unequal is (a != b), f"{first} and {second} at {sizes}: {a} and {b}"
        if multiple is not None and a:
            assert multiple is (b % a == 0), f"{second} by {first} at {sizes}: {b} and {a}"


@settings(suppress_health_check=list(HealthCheck))
@given(st.one_of(TREES, DIVISIONS), st.sampled_from(["equal", "one first", "one second"]), SIZES)
def test_what_meets_is_what_torch_broadcasts(tree: Any, kind: str, sizes: dict[str, int]) -> None:
    try:
        dim, size = with_names(tree), with_numbers(tree, sizes)
    except ZeroDivisionError:
        assume(False)
    assume(size >= 1)
    met = {"equal": meet(dim, dim), "one first": meet(1, dim), "one second": meet(dim, 1)}[kind]
    assert met is not None
    assert evaluate(met, sizes) == size


def test_names_are_compared_by_value() -> None:
    """Two ways to one polynomial are one dimension."""
    n, h = symbol("N"), symbol("H")
    assert (n + h) * (n - h) == n * n - h * h
    assert isinstance(n // 2, Symbolic) and (4 * n + 2) // 2 == 2 * n + 1 and (4 * n + 6) // 4 == n + 1 + 0 * h
    assert (6 * n + 3) // 6 == n and (6 * n + 3) % 6 == 3 and (2 * n + 3) // 4 == (2 * n + 3) // 4


FACTORS: Final = st.one_of(st.sampled_from([0.3, 0.7, 1.1, -0.3, 1 / 3]), st.floats(0.01, 5), st.floats(-5, -0.01))


@settings(max_examples=examples(200))
@given(
    st.sampled_from(["H", "H + 3", "H - 20", "2 * H * N", "H // 3"]), FACTORS, st.lists(SIZES, min_size=3, max_size=3)
)
def test_products_with_a_fraction(size: str, factor: float, trials: list[dict[str, int]]) -> None:
    """Rounded as Python rounds the product of numbers, and never less than the bound that is told."""
    names = {name: symbol(name) for name in ("N", "H", "T")}
    for function in ("floor", "ceil"):
        text = f"{function}(({size}) * {factor!r})"
        dim = parse(text).evaluate(names)
        for sizes in trials:
            expected = parse(text).evaluate(sizes)
            assert evaluate(dim, sizes) == expected >= least(dim)
        if isinstance(dim, Symbolic):  # as the graph's JSON holds it
            assert parse(str(dim)).evaluate(names) == dim
