"""The expression language: refusals with their words and places, and limits."""

from __future__ import annotations

import time
from typing import Any

import pytest

from archdsl.expressions import ExpressionError, parse
from tests.expressions.evaluating import failure, hint, value

# --- what is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message", "at", "advice"),
    [
        ("", "the expression is empty", "", None),
        ("lambda x: x", "`lambda` is not allowed", "lambda", "`let`"),
        ("f'{i}'", "text with the prefix `f` is not allowed", "f", "plain quoted text"),
        ("b'x'", "text with the prefix `b` is not allowed", "b", "plain quoted text"),
        ("1 + sqr(2)", "unknown function `sqr`", "sqr", "did you mean `sqrt`?"),
        ("relu(2)", "`relu` is a function of formulas only", "relu", "= relu(…)"),
        ("i(2)", "unknown function `i`", "i", "there are abs"),
        ("stages[0](1)", "`stages[0]` is not a function", "stages[0]", None),
        (
            "x.size(1)",
            "`x.size(…)` calls a method, and an expression has only functions",
            "x.size(1)",
            "x.shape[i]",
        ),
        (
            "math.sqrt(2)",
            "`math.sqrt(…)` is a function of `math`, and an expression has only functions of its own",
            None,
            "`sqrt(2)`",
        ),
        ("round(2.5, ndigits=1)", "`round` takes no arguments by name", "ndigits=1", "in order"),
        ("range()", "`range` takes 1 to 3 arguments, not 0", "range()", None),
        ("len(1, 2)", "`len` takes 1 argument, not 2", "len(1, 2)", None),
        ("min(*depths)", "`*` before an argument is not allowed", "*depths", "take a list"),
        ("[1, *depths]", "`*` before an item is not allowed in an expression", "*depths", "`+`"),
        ("(y := 3)", "`:=` is not allowed in an expression", ":=", "`==`"),
        ("i //= 2", "`//=` is not allowed in an expression", "//=", "changes nothing"),
        ("i = 2", "`=` does not compare", "=", "`==`"),
        ("i & 1", "`&` is not allowed in an expression", "&", "`and`"),
        ("i && 1", "`&&` is not allowed in an expression", "&&", "`and`"),
        ("i || 1", "`||` is not allowed in an expression", "||", "`or`"),
        ("!i", "`!` is not allowed in an expression", "!", "`not`"),
        ("2 ^ i", "`^` is not allowed in an expression", "^", "`**`"),
        ("i @ i", "`@` is not allowed in an expression", "@", "`matmul`"),
        ("i ? 1 : 2", "`?` is not allowed in an expression", "?", "a if condition else b"),
        ("$i + 1", "`$` is not allowed in an expression", "$", "without `$`"),
        ("i # three", "`#` is not allowed in an expression", "#", "comment"),
        ("{1: 2}", "`{` is not allowed in an expression", "{", "lists"),
        ("class + 1", "`class` is one of Python's keywords and cannot be a name", "class", "`class_`"),
        ("'abc", "the quote ' is never closed", "'", None),
        ("(1 + [2)", "`)` closes `[`", ")", None),
        ("(1 + 2", "`(` is never closed", "(", None),
        ("1 + 2)", "`)` closes nothing", ")", None),
        ("1 2", "an operator is missing between `1` and `2`", "1 2", None),
        ("i +", "a value is missing after `+`", "+", None),
        ("i + * 2", "a value is missing between `+` and `*`", "+ *", None),
        ("* 2", "a value is missing before `*`", "*", None),
        ("[i for]", "a value is missing after `for`", "for", None),
        ("1 if i", "this `if` has no `else`", "if", "a if condition else b"),
        ("1 else i", "this `else` has no `if`", "else", "a if condition else b"),
        ("i not 3", "this cannot be read as an expression", "i not 3", None),
        ("007", "`007` is not a number", "007", None),
        ("3x", "`3x` is not a number", "3x", None),
        ("1.5.2", "`1.5.2` is not a number", "1.5.2", None),
        ("2j", "`2j` is not a number", "2j", None),
        ("layer.0", "`layer.0` has no meaning", "layer.0", "`layer[0]`"),
        ("i is 3", "`is` is only for `None`", "i is 3", "`==`"),
        ("depths[1, 2]", "a list takes one index at a time", "depths[1, 2]", "a[i][j]"),
        ("...", "`...` is not allowed in an expression", "...", None),
        ("[pi for pi in depths]", "`pi` is a constant and cannot be a loop variable", "pi", None),
        ("[0 for depths[0] in depths]", "`depths[0]` cannot be a loop variable", "depths[0]", None),
        ("i.__class__", "`__class__` is not a column", "i.__class__", None),
        ("1 + depht", "unknown name `depht`", "depht", "did you mean `depths`?"),
        ("len + 1", "unknown name `len`", "len", "`len(…)`"),
        ("é + ü", "unknown name `é`", "é", None),
        ("'é' + ü", "unknown name `ü`", "ü", None),
        ("1 / 0", "1 / 0 divides by zero", "1 / 0", None),
        ("(-2) ** 0.5", "(-2) ** 0.5 is no real number", "(-2) ** 0.5", None),
        ("1 + (2 + 'a')", "cannot add 2 and 'a'", "2 + 'a'", None),
        ("'%d' % 3", "cannot take the remainder of '%d' by 3", "'%d' % 3", None),
        ("-'a'", "cannot put `-` before 'a'", "-'a'", None),
        ("1 < 'a'", "cannot compare 1 and 'a' with `<`", "1 < 'a'", None),
        ("1 in 2", "cannot look into 2", "1 in 2", None),
        ("depths[4]", "index 4 is out of range for a length of 4", "depths[4]", None),
        ("depths[0.5]", "an index must be a whole number, not 0.5", "depths[0.5]", None),
        ("depths[::0]", "a slice's step cannot be 0", "depths[::0]", None),
        ("i[0]", "cannot read an item of 3", "i[0]", None),
        ("i[1:]", "cannot take a slice of 3", "i[1:]", None),
        ("stages[0].kernal", "the row has no column 'kernal'", "stages[0].kernal", "kernel, out"),
        ("i.kernel", "3 has no `kernel`", "i.kernel", "rows of a table"),
        ("x.dtype", "the tensor has no `dtype`", "x.dtype", "`shape`"),
        ("1 if x else 2", "a tensor is neither true nor false", "x", None),
        ("[1 for k in 5]", "cannot loop over 5", "5", "`range(5)`"),
        ("[1 for k in name]", "cannot loop over 'abc'", "name", None),
        ("[1 for a, b in depths]", "cannot unpack 2 into 2 names", "depths", None),
        ("sqrt(-1)", "`sqrt(-1)` has no value", "sqrt(-1)", None),
        ("exp(1000)", "`exp(1000)` has no value", "exp(1000)", None),
        ("sqrt('a')", "`sqrt` expects a number, not 'a'", "sqrt('a')", None),
        ("int('3')", "`int` expects a number, not '3'", "int('3')", None),
        ("len(3)", "`len` expects a list, not 3", "len(3)", None),
        ("min([])", "`min` of an empty list has no value", "min([])", None),
        ("sum([[1]])", "cannot add 0 and [1]", "sum([[1]])", None),
        ("str([1])", "`str` expects a number or text, not [1]", "str([1])", None),
        ("make_divisible(3, 0)", "`make_divisible`'s divisor must be 1 or more, not 0", None, None),
    ],
)
def test_refused(text: str, message: str, at: str | None, advice: str | None) -> None:
    assert failure(text) == (message, text if at is None else at)
    if advice is not None:
        assert advice in (hint(text) or "")


def test_names_are_suggested_only_where_the_environment_lists_them() -> None:
    class Closed:
        def __getitem__(self, name: str) -> Any:
            raise KeyError(name)

        def __contains__(self, name: object) -> bool:
            return False

    with pytest.raises(ExpressionError, match="unknown name `depth`") as caught:
        parse("depth").evaluate(Closed())
    assert caught.value.hint is None


# --- limits ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("9 ** 9 ** 9", "9 ** 387420489 is too large"),
        ("2 ** 64 + 1", "18446744073709551616 + 1 is too large"),
        ("int(1e300)", "`int(1e+300)` is too large"),
        ("99999999999999999999999", "the number is too large"),
        ("range(10**9)", "more than 100,000 elements in a list"),
        ("range(-10**18, 10**18, 3)", "more than 100,000 elements in a list"),
        ("[0] * 10**9", "more than 100,000 elements in a list"),
        ("10**9 * (0,)", "more than 100,000 elements in a list"),
        ("[[0] * 9999] * 9999", "more than 100,000 elements in a list"),
        ("linspace(0, 1, 10**9)", "more than 100,000 elements in a list"),
        ("'a' * 10**9", "more than 10,000 characters in a text: 1,000,000,000"),
        ("[a for a in range(1000) for b in range(1000)]", "more than 100,000 elements in a list"),
        ("[a for a in range(9999) for b in range(9999) if false]", "more than 2,000,000 steps of evaluation"),
        ("[sum(range(9999)) for a in range(9999)]", "more than 2,000,000 steps of evaluation"),
        ("[1 for a in range(9999) if -1 in xs]", "more than 2,000,000 steps of evaluation"),
        ("sum([range(99999)] * 1)" + " + sum(range(99999))" * 30, None),
        ("[" + "range(99999)," * 500 + "]", "more than 2,000,000 steps of evaluation"),
        ("[x * 2 for x in [[y, y] for y in [[0] * 40000] * 2]]", "more than 100,000 elements in a list"),
        ("round(1, -10**9)", "`round` cannot round to -1000000000 digits"),
        ("(H + 1) ** 17", "(H + 1) ** 17 is too large"),
        ("((H + N) ** 16 + 1) ** 16", None),
        ("(" * 2000 + "1" + ")" * 2000, "the brackets are nested too deeply"),
        ("[" * 2000, "the brackets are nested too deeply"),
        ("-" * 5000 + "i", "the expression is nested too deeply"),
        ("not " * 2000 + "i", "the expression is nested too deeply"),
        ("+".join("1" * 3000), "the expression is nested too deeply"),
        ("2" + "**1" * 3000, "the expression is nested too deeply"),
        ("x" + ".y" * 3000, "the expression is nested too deeply"),
        ("1 if i else " * 800 + "1", "the expression is nested too deeply"),
        ("[0" + " for a in a" * 800 + "]", None),
        ("1 + " * 9999 + "1", "an expression of 39997 characters is too long"),
    ],
)
def test_cost_is_bounded(text: str, message: str | None) -> None:
    start = time.process_time()
    with pytest.raises(ExpressionError) as caught:
        value(text, xs=list(range(9999)))
    assert message is None or caught.value.message.startswith(message)
    assert caught.value.code == ("too-large" if caught.value.message.startswith("more than") else "bad-expression")
    assert time.process_time() - start < 5


def test_a_long_list_of_numbers_is_no_bomb() -> None:
    assert value("[" + ", ".join(["64"] * 2000) + "]") == [64] * 2000
    assert len(value("[a * 2 + 1 for a in range(100000)]")) == 100_000


def test_parsing_is_cached() -> None:
    assert parse("i + 12345") is parse("i + 12345")
