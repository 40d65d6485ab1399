"""Stretches of equal children: whatever is folded, the children are those that there are, by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.tree import Call, Fixed
from archdsl_torch.writing.folding import Untold
from archdsl_torch.writing.runs import Folded, LoopResolver, grouped

STRETCHES = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(-1, 2)), max_size=4).map(
    lambda found: [start + step * turn for start, count, step in found for turn in range(count)]
)
"""Numbers of which some are equal, and some grow evenly."""


@st.composite
def named(draw: st.DrawFn) -> tuple[list[int], list[str]]:
    """Children, each made of a number, with names that end or begin alike and are counted, for the most part."""
    values, first = draw(STRETCHES), draw(st.integers(0, 3))
    part = st.sampled_from(["a", "a", "a", "a", "a", "b"])
    return values, [f"{draw(part)}{place + first}{draw(part)}" for place in range(len(values))]


def written(values: list[int], names: list[str], numbered: bool) -> str:
    """The arguments of the container, as they are printed."""

    def fold(start: int, stop: int) -> Folded | None:
        resolver = LoopResolver(stop - start, 0)
        try:
            code = resolver.resolve(values[start:stop], range(stop - start), "n", None)
        except Untold:
            return None
        return Call("child", (code,)), resolver.used, 0

    codes = [Call("child", (Fixed(value),)) for value in values]
    return ", ".join(map(shown, grouped(codes, names, fold, numbered=numbered).codes))


@given(named(), st.booleans())
def test_the_children_are_those_that_there_are(given: tuple[list[int], list[str]], numbered: bool) -> None:
    values, names = given
    made = eval(f"[{written(values, names, numbered)}]", {"child": lambda number: number})
    assert made == (values if numbered else [*zip(names, values, strict=True)])


@pytest.mark.parametrize(
    ("names", "folded"),
    [("a0 a1 a2", True), ("a3 a4 a5", True), ("a0b a1b a2b", True), ("a0 a1 b2", False), ("b0 a1 a2", False),
     ("a0c a1b a2b", False), ("a0b a1b a2c", False), ("a0 a2 a1", False), ("a0 a2 a4", False), ("a b c", False)],
)  # fmt: skip
def test_names_that_count_are_folded(names: str, folded: bool) -> None:
    assert (" for k in " in written([5, 5, 5], names.split(), False)) is folded


def test_a_long_stretch() -> None:
    values = [2 * place for place in range(300)]
    assert written(values, [str(value) for value in values], True) == "*[child(2 * k) for k in range(300)]"
