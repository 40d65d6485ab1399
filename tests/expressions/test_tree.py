"""Trees: what is in them, where it stands in the text, and that text, tree and value agree."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from archdsl.expressions import Expression, ExpressionError, parse, parse_formula
from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Binary, Literal, Name, literal_of
from archdsl.expressions.walking import substitute
from archdsl.shapes import TensorType
from tests.expressions.evaluating import H, N

# --- trees ----------------------------------------------------------------------------------------


def test_free_names() -> None:
    text = "[a + b for a, (c, d) in xs if c > e] + [sum(f for f in f)] + [pi, true]"
    assert parse(text).names == {"b", "xs", "e", "f"}


def test_positions_count_characters_of_the_original_text() -> None:
    text = "  'é' + (béta * 2)"
    tree = parse(text).tree
    assert isinstance(tree, Binary)
    assert text[tree.start : tree.end] == "'é' + (béta * 2)"
    assert text[tree.right.start : tree.right.end] == "béta * 2"


def test_equality_is_by_content_and_kind() -> None:
    assert parse("a+1").tree == parse(" a  + (1)").tree
    assert Literal(1) != Literal(True)
    assert Literal(1) != Literal(1.0)
    assert len({Literal(1), Literal(1.0), Literal(True), Literal(1)}) == 3


def test_signs_belong_to_numbers() -> None:
    assert parse("-3").tree == Literal(-3)
    assert parse("--3").tree == Literal(3)
    assert parse("-3 ** 2").evaluate({}) == -9
    assert to_text(Binary("**", Literal(-3), Literal(2))) == "(-3) ** 2"


def test_substitute_spares_bound_names() -> None:
    tree = substitute(parse("[a + b for a in a]").tree, {"a": Name("xs"), "b": Literal(2)})
    assert to_text(tree) == "[a + 2 for a in xs]"
    assert Expression("", tree).evaluate({"xs": [1]}) == [3]


def test_literal_of() -> None:
    assert to_text(literal_of([1, (2.5, "a"), None, -math.inf, H + 1])) == "[1, (2.5, 'a'), None, -inf, H + 1]"
    assert Expression("", literal_of({"kernel": 3})).evaluate({}) == {"kernel": 3}
    assert to_text(Binary("*", literal_of(H + 1), Literal(2))) == "(H + 1) * 2"


@pytest.mark.parametrize(
    "text",
    [
        "(a + b) * -c ** -d ** e",
        "(a if b else c) if (d or e) and f else not g",
        "not (not a) in b",
        "(a < b) < c <= d is not None",
        "a[1:][::2][b:c:d].e[f]",
        "(1).real + (-1)[0]",
        "a - (b - c) - d // (e / f)",
        "(-2) ** 2 + -(2 ** 2) + -x ** 2",
        "(a, (b,), (), [])",
        "sum([a for a, (b, c) in d if e if f for g in h if (1 if i else 2)])",
        "pi + inf + true",
        "'it\\'s' + \"é\\n\"",
    ],
)
def test_round_trip_of(text: str) -> None:
    tree = parse(text).tree
    assert parse(to_text(tree)).tree == tree
    assert to_text(parse(to_text(tree)).tree) == to_text(tree)


# --- rules ----------------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "c"])
LEAVES = st.one_of(
    st.integers(0, 40).map(str),
    NAMES,
    st.sampled_from(["0.5", "1e-3", "True", "pi"]),
    st.integers(1, 9).map("-{}".format),
)


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    binary = st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%", "**"]), inner).map(
        "({0[0]}) {0[1]} ({0[2]})".format
    )
    loose = st.tuples(inner, st.sampled_from(["+", "-", "*", "<", "<=", "==", "!=", "and", "or"]), inner).map(" ".join)
    choice = st.tuples(inner, inner, inner).map("(({0[0]}) if ({0[1]}) else {0[2]})".format)
    unary = st.tuples(st.sampled_from(["-", "+", "not "]), inner).map("({0[0]}({0[1]}))".format)
    call = st.tuples(st.sampled_from(["abs", "int", "float"]), inner).map("{0[0]}({0[1]})".format)
    several = st.tuples(st.sampled_from(["min", "max"]), inner, inner).map("{0[0]}({0[1]}, {0[2]})".format)
    listed = st.tuples(inner, inner).map("[{0[0]} for a in [{0[1]}, b] if a][:1]".format)
    return st.one_of(binary, loose, choice, unary, call, several, listed.map("len({})".format))


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=12)
SIZES = st.fixed_dictionaries(dict.fromkeys("abc", st.integers(-20, 20)))


@given(EXPRESSIONS)
def test_text_and_tree_round_trip(text: str) -> None:
    tree = parse(text).tree
    assert parse(to_text(tree)).tree == tree


@given(EXPRESSIONS, SIZES)
def test_values_are_pythons(text: str, env: dict[str, int]) -> None:
    try:
        found = parse(text).evaluate(env)
    except ExpressionError as error:
        assert error.message.endswith(("is too large", "divides by zero", "is no real number", "has no value"))
        return
    expected = eval(text, {"pi": math.pi, **env})
    assert repr(found) == repr(expected)


@given(EXPRESSIONS, SIZES)
def test_text_written_from_the_tree_has_the_same_value(text: str, env: dict[str, int]) -> None:
    def outcome(source: str) -> str:
        try:
            return repr(parse(source).evaluate(env))
        except ExpressionError as error:
            return error.message

    assert outcome(text) == outcome(to_text(parse(text).tree))


WORDS = """a b 1 0.5 'x' " ' ( ) [ ] , : . + - * / // ** % == != < = := in not is and or if else for lambda
None true min range sum sqrt [a, H { } @ ^ && $ # \\ 1e9 0x é ² x.shape ; ! ~ f'x' class"""
PIECES = st.sampled_from([*WORDS.split(), "\n", "\t", "\xa0"])


@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(PIECES, max_size=14).map(" ".join),
        st.lists(PIECES, max_size=9).map("".join),
    )
)
@example("\x00")
@example("\ud800 + 1")
@example("x \u00a0+ 1")
@example("'\\N{foo}'")
@example("1 if a else\\")
def test_any_text_is_a_value_or_an_expression_error(text: str) -> None:
    for read in (parse, lambda source: parse_formula(source, lambda path: path in ("a", "x.0", "x"))):
        try:
            read(text).evaluate({"a": 2, "b": [1, 2], "H": H, "x": TensorType((N, 3)), "x.0": 1})
        except ExpressionError as error:
            assert 0 <= error.start <= error.end <= len(text)
            assert error.message == error.message.rstrip(".")
