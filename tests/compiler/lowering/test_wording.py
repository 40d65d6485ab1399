"""Expressions of the spec as code: Python gives them the value that the spec's language does."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.expressions import parse
from archdsl.expressions.tree import Compare, Literal, Name
from archdsl_torch.lowering.printing import shown
from archdsl_torch.lowering.tree import Attribute, Infix, Variable
from archdsl_torch.lowering.walking import variables
from archdsl_torch.lowering.wording import worded
from tests.hostile_texts import HOSTILE


@given(st.one_of(st.sampled_from(HOSTILE), st.text()))
def test_texts_in_expressions_stay_as_they_are(text: str) -> None:
    code = worded(Compare(Name("a"), (("==", Literal(text)),)))
    assert eval(shown(code), {"a": text}) is True


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2 * a ** 2 + f ** -x", "2 * a**2 + f**-x"),
        ("a if b else -inf", "a if b else -math.inf"),
        ("pi * a", "math.pi * a"),
        ("-pi * a", "-math.pi * a"),
        ("not a or 0 < b <= 3 and c is not None", "not a or 0 < b <= 3 and c is not None"),
        ("[x * 2 for x in a if x > 1]", "[x * 2 for x in a if x > 1]"),
        ("a[1:][-1] + len((1, 2)) % 3", "a[1:][-1] + len((1, 2)) % 3"),
        ("[a, [b]]", "[a, [b]]"),
        ("(a + b) * (a - (b - 1))", "(a + b) * (a - (b - 1))"),
    ],
)
def test_expressions_are_written_as_one_would(text: str, written: str) -> None:
    assert shown(worded(parse(text).tree)) == written


VALUES: dict[str, Any] = {"a": [3, 4, 5], "b": 2, "c": 7}


@pytest.mark.parametrize("text", ["a[b] - c ** -b // 2", "sum([k * b for k in a if k > 3]) < c < 99", "-pi + c % b"])
def test_python_computes_the_same(text: str) -> None:
    assert eval(shown(worded(parse(text).tree)), {"math": math, **VALUES}) == eval(text, {"pi": math.pi, **VALUES})


def test_names_are_what_they_are_said_to_be() -> None:
    size = Attribute(Variable("x"), "size")
    code = worded(parse("n + n").tree, {"n": size}.__getitem__)
    assert code == Infix("+", size, size) and {*variables(code)} == {"x"}
