"""Sizes of a trace as expressions over the dimensions of its inputs."""

from __future__ import annotations

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st
from torch.utils._sympy.functions import FloorDiv, Max, Min, Mod

from archdsl_torch.importing.sizes import UnknownSize, spelled

NAMES = {"s0": "H", "s1": "W"}


class Traced:
    """A size as torch holds it."""

    def __init__(self, expr: sympy.Expr) -> None:
        self.node, self.expr = self, expr


def terms() -> st.SearchStrategy[sympy.Expr]:
    """Sizes over two symbols."""
    leaves = st.one_of(
        st.integers(1, 9).map(sympy.Integer),
        st.sampled_from([*NAMES]).map(lambda name: sympy.Symbol(name, positive=True, integer=True)),
    )
    positive = st.integers(1, 7).map(sympy.Integer)
    return st.recursive(leaves, lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: pair[0] + pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] * pair[1]),
        st.tuples(inner, inner).map(lambda pair: pair[0] - pair[1]),
        st.tuples(inner, positive).map(lambda pair: FloorDiv(*pair)),
        st.tuples(inner, positive).map(lambda pair: Mod(*pair)),
        st.tuples(inner, inner).map(lambda pair: Max(*pair)),
        st.tuples(inner, inner).map(lambda pair: Min(*pair)),
    ), max_leaves=6)  # fmt: skip


@given(term=terms(), height=st.integers(1, 40), width=st.integers(1, 40))
def test_a_size_is_what_its_text_says(term: sympy.Expr, height: int, width: int) -> None:
    text = spelled(Traced(term), NAMES)
    found = text if isinstance(text, int) else eval(text, {"H": height, "W": width, "max": max, "min": min})
    symbols = {symbol: {"s0": height, "s1": width}[symbol.name] for symbol in term.free_symbols}
    assert found == int(term.subs(symbols))


def test_a_number_is_one() -> None:
    assert spelled(7, NAMES) == 7
    assert spelled(Traced(sympy.Integer(7)), NAMES) == 7


def test_what_depends_on_data_is_told() -> None:
    with pytest.raises(UnknownSize, match="u0"):
        spelled(Traced(sympy.Symbol("u0") + 1), NAMES)
