"""What expressions are worth: values of every kind, functions, and dimensions."""

from __future__ import annotations

import pytest

from archdsl.expressions import ExpressionError, parse
from archdsl.expressions.functions import FUNCTIONS
from archdsl.expressions.tree import Call
from archdsl.expressions.walking import walk
from tests.expressions.evaluating import H, failure, hint, undecided, value

# --- values ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("64 * 2 ** i", 512),
        ("2 if i > 0 and i != 3 else 1", 1),
        ("[1, 2][-1]", 2),
        ("depths[1:]", [2, 6, 2]),
        ("depths[::-1]", [2, 6, 2, 2]),
        ("name[0] + 'x' * 2", "axx"),
        ("stages[1].kernel", 5),
        ("stages[1]['kernel']", 5),
        ("'kernel' in stages[0]", True),
        ("[s.out * 2 for s in stages if s.kernel > 3]", [48]),
        ("[a + b for a in [1, 2] for b in [10, 20]]", [11, 21, 12, 22]),
        ("[k * (a - b) for k, (a, b) in enumerate(zip([5, 6], [1, 1]))]", [0, 5]),
        ("[[x for x in range(n)] + [x] for n, x in [(1, 7), (2, 8)]]", [[0, 7], [0, 1, 8]]),
        ("sum(depths[:i]) / sum(depths)", 10 / 12),
        ("max(s.out for s in stages)", 24),
        ("list_ or []", []),
        ("true and not false and null is None", True),
        ("None is not null", False),
        ("0 < i <= 3 != 4", True),
        ("3 in depths or 6 in depths", True),
        ("'b' not in name", False),
        ("(1, 2) + (3,)", (1, 2, 3)),
        ("[1, 'M', 2.5, True]", [1, "M", 2.5, True]),
        ("-inf < -pi", True),
        ("1_000 + 0x10 + 1e-3", 1016.001),
        ("'a' 'b' \"'\"", "ab'"),
        ("\n  i\n\t+ 1  ", 4),
        ("x.shape[1]", 3),
        ("len(x.shape)", 3),
        ("-7 // 2 + -7 % 3", -2),
        ("2 ** -1", 0.5),
    ],
)
def test_value(text: str, expected: object) -> None:
    result = value(text, list_=[])
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("abs(-2)", 2),
        ("ceil(2.1) + floor(-2.1) + round(2.5) + int(-2.9)", 0),
        ("round(3.14159, 2)", 3.14),
        ("float(3)", 3.0),
        ("sqrt(16) + exp(0) + log(1) + log2(8) + log(8, 2)", 11.0),
        ("sin(0) + cos(0) + tanh(0)", 1.0),
        ("sigmoid(0) + sigmoid(-1000) + sigmoid(1000)", 1.5),
        ("[sign(-2), sign(0), sign(2.5)]", [-1, 0, 1.0]),
        ("min(3, 1, 2) + max([1, 5])", 6),
        ("range(5, 0, -2)", [5, 3, 1]),
        ("range(3, 0)", []),
        ("enumerate('M' for i in range(2))", [(0, "M"), (1, "M")]),
        ("enumerate([7], 1)", [(1, 7)]),
        ("zip([1, 2], (3, 4, 5))", [(1, 3), (2, 4)]),
        ("str(3) + str('x') + str(0.5)", "3x0.5"),
        ("len('abc') + len([])", 3),
        ("linspace(0, 0.2, 3)", [0.0, 0.1, 0.2]),
        ("linspace(1, 9, 1) + linspace(1, 9, 0)", [1.0]),
        ("sum([])", 0),
        ("make_divisible(32 * 1.1, 8)", 32),
        ("make_divisible(11, 8)", 16),  # 8 would be below 90 %
        ("make_divisible(1, 8)", 8),
        ("make_divisible(10, 8, 24)", 24),
    ],
)
def test_function(text: str, expected: object) -> None:
    assert value(text) == expected


def test_every_function_is_tested_above() -> None:
    cases = [mark.args[1] for mark in test_function.pytestmark]  # type: ignore[attr-defined]
    called = {
        node.function for rows in cases for text, _ in rows for node in walk(parse(text).tree) if isinstance(node, Call)
    }
    assert called == FUNCTIONS


@pytest.mark.parametrize("width", range(1, 400, 7))
def test_make_divisible_is_near_and_never_far_below(width: int) -> None:
    result = value("make_divisible(w * 1.4, 8)", w=width)
    assert result % 8 == 0
    assert result >= 0.9 * 1.4 * width
    assert result == 8 or abs(result - 1.4 * width) <= 8


@pytest.mark.parametrize(
    ("text", "at", "meant"),
    [
        ("'true' == True", None, "true"),
        ("'false' != True", None, "false"),
        ("no == False", None, "false"),
        ("5 == '5'", None, "5"),
        ("'5' == H", None, "5"),
        ("[1, ['2']] == [1, [2]]", None, "2"),
        ("'5' in [4, 5]", None, "5"),
        ("5 not in ['5', 6]", None, "5"),
        ("'none' == None", None, "null"),
        ("'null' is not None", None, "null"),
        ("1 if no else 2", "no", "false"),
        ("not '0'", None, "0"),
        ("i and 'null'  or i", "'null'", "null"),
        ("[k for k in depths if 'off']", "'off'", "false"),
    ],
)
def test_text_that_reads_as_a_value_is_not_compared_with_one_nor_a_condition(
    text: str, at: str | None, meant: str
) -> None:
    with pytest.raises(ExpressionError, match="the text '") as caught:
        value(text, no="no")
    assert text[caught.value.start : caught.value.end] == (at or text)
    assert caught.value.hint is not None and caught.value.hint.startswith(f"write {meant} ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[c == 'M' for c in [64, 'M']]", [False, True]),
        ("['M' in [64, 'M'], 64 in ['M', 64], 'M' in [64], 'x' in [None, 'x']]", [True, True, False, True]),
        ("[p == 'same' for p in [False, 1, 'same', None]]", [False, False, True, False]),
        ("['5' != None, '5' is None, 'true' == '5', 'no' == name]", [True, False, False, False]),
        ("[1 if t else 0 for t in ['relu', 'true', '', '1']]", [1, 1, 0, 1]),
    ],
)
def test_other_values_of_different_kinds_are_just_not_equal(text: str, expected: object) -> None:
    assert value(text) == expected


# --- dimensions -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("H // 2 + 1", H // 2 + 1),
        ("4 * H / 2", 2 * H),
        ("H / H", 1),
        ("H ** 2 - H * H", 0),
        ("-H + H", 0),
        ("int(H) + floor(H) + ceil(H) + round(H) - 4 * H", 0),
        ("H > 0 and H >= 1 and H != 0 and not H < 1", True),
        ("H > 0.5 and not H <= 0.5 and H < inf and 0.5 < H", True),
        ("H == 'same'", False),
        ("H == 2.5", False),
        ("H if H else 2", H),
        ("max(H, 1) - H", 0),
        ("min(1, H)", 1),
        ("max(H + 1, H) - H", 1),
        ("abs(-H) - H", 0),
        ("sign(H)", 1),
        ("[H, 1] == [H, 1]", True),
        ("H in [0, H]", True),
        ("x.shape == [N, 3, H]", True),
        ("sum([H, H, 1]) - 2 * H", 1),
    ],
)
def test_dimension(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("H == 3", "H == 3"),
        ("2 if H > 7 else 1", "H > 7"),
        ("1 + min(H, 7)", "min(H, 7)"),
        ("H in [1, 2]", "H in [1, 2]"),
        ("[H] == [3]", "[H] == [3]"),
        ("range(H)", "range(H)"),
        ("depths[H]", "depths[H]"),
        ("[0] * H", "[0] * H"),
        ("sqrt(H)", "sqrt(H)"),
        ("2 ** H", "2 ** H"),
        ("1 if H - 1 else 2", "H - 1"),
        ("str(H)", "str(H)"),
    ],
)
def test_only_the_run_can_decide(text: str, at: str) -> None:
    message, found = failure(text)
    assert message.endswith("is known only at run time")
    assert found == at
    assert undecided(text)


def test_text_that_says_so_is_not_left_to_the_run() -> None:
    assert "known only at run time" in failure("-'known only at run time'")[0]
    assert not undecided("-'known only at run time'")


def test_inexact_quotient_of_a_dimension() -> None:
    assert failure("H / 2") == ("`H` is not always a multiple of `2`", "H / 2")
    assert hint("H / 2") == "use `//` for the whole quotient; `ceil(a / b)` rounds up"
    assert failure("1 + H * 0.5") == ("cannot multiply H and 0.5", "H * 0.5")
    assert failure("(H + 1) // 0") == ("(H + 1) // 0 divides by zero", "(H + 1) // 0")
