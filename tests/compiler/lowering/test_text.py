"""Lines break where ruff's formatter breaks them, at the very column."""

from __future__ import annotations

from archdsl_torch.lowering.spelling import WIDTH
from archdsl_torch.lowering.text import (
    Brackets,
    Doc,
    Dotted,
    Operation,
    all_same,
    is_static,
    prefixed,
    render,
    unique,
)


def call(*items: Doc, exploded: bool = False, single: bool = False) -> Brackets:
    return Brackets("f(", items, exploded=exploded, single=single)


def names(length: int) -> tuple[str, str]:
    """Two names that take so many columns with a comma between."""
    return "a" * (length - 12), "b" * 10


def test_a_line_as_wide_as_may_be_stays_whole() -> None:
    whole = render("y = ", call(*names(WIDTH - 4 - 7)), 4)
    assert len(whole) == 1 and len(whole[0]) == WIDTH
    assert len(render("y = ", call(*names(WIDTH - 4 - 6)), 4)) == 3
    assert len(render("y = ", call(*names(WIDTH - 4 - 7)), 4, ",")) == 3


def test_items_stand_on_one_line_as_long_as_they_fit() -> None:
    one, other = names(WIDTH - 8)
    assert render("y = ", call(one, other), 4) == ["    y = f(", f"        {one}, {other}", "    )"]
    assert render("y = ", call(one + "a", other), 4, ",") == [
        "    y = f(", f"        {one}a,", f"        {other},", "    ),",
    ]  # fmt: skip


def test_a_single_item_has_no_comma() -> None:
    body = call("x" * WIDTH)
    assert render("", Brackets("[", (body,), "]", single=True), 0) == [
        "[",
        "    f(",
        f"        {'x' * WIDTH},",
        "    )",
        "]",
    ]
    assert render("", Brackets("[", (body,), "]"), 0)[3:] == ["    ),", "]"]


def test_what_is_exploded_has_an_item_a_line() -> None:
    assert render("y = ", call("a", "b", exploded=True), 0) == ["y = f(", "    a,", "    b,", ")"]
    assert render("", call(call("a", exploded=True), "b"), 0) == ["f(", "    f(", "        a,", "    ),", "    b,", ")"]
    inside = Operation((call("a", exploded=True), "b"), "+")
    assert render("", prefixed("y=", inside), 0) == ["y=f(", "    a,", ")", "+ b"]
    assert len(render("y = ", Dotted("x", (call("a", exploded=True),)), 0)) == 1


def test_without_items_nothing_breaks() -> None:
    assert render("y = ", Brackets("f" * WIDTH + "(", ()), 4) == [f"    y = {'f' * WIDTH}()"]
    assert render("y = ", "x" * WIDTH, 4) == [f"    y = {'x' * WIDTH}"]


LONG = "x" * 60


def test_operations_break_before_their_signs() -> None:
    three = Operation((Operation((LONG, LONG), "+"), "c"), "+")
    assert render("y = ", three, 4) == ["    y = (", f"        {LONG}", f"        + {LONG}", "        + c", "    )"]
    assert render("", call("a", three), 0) == ["f(", "    a,", f"    {LONG}", f"    + {LONG}", "    + c,", ")"]
    assert render("", prefixed("y=", three), 0) == [f"y={LONG}", f"+ {LONG}", "+ c"]
    assert render("", three, 0, ",") == [LONG, f"+ {LONG}", "+ c,"]


def test_an_operation_of_another_sign_is_one_operand() -> None:
    product = Operation((LONG, "b"), "*")
    assert render("y = ", Operation((product, LONG), "+"), 0) == ["y = (", f"    {LONG} * b", f"    + {LONG}", ")"]
    assert render("y = ", Operation((LONG, product), "+"), 0) == ["y = (", f"    {LONG}", f"    + {LONG} * b", ")"]
    assert render("y = ", Operation((Operation((LONG, "b"), "-"), LONG), "+"), 0)[1] == f"    {LONG} - b"


def test_calls_break_before_their_dots() -> None:
    permute, flatten = Brackets(".permute(", (LONG,)), Brackets(".flatten(", (LONG,))
    assert render("y = ", Dotted("x", (permute, flatten)), 4) == [
        "    y = (", f"        x.permute({LONG})", f"        .flatten({LONG})", "    )",
    ]  # fmt: skip
    assert render("y = ", Dotted("x", (permute, flatten)), 0, ",")[-1] == "),"
    assert render("y = ", Dotted("x" * 50, (permute,)), 4, ",") == [
        f"    y = {'x' * 50}.permute(", f"        {LONG}", "    ),",
    ]  # fmt: skip


def test_what_is_close_has_no_spaces() -> None:
    assert str(Operation(("a", "b"), "**", close=True)) == "a**b" and str(Operation(("a", "b"), "**")) == "a ** b"
    assert str(prefixed("y=", Operation(("a", "b"), "**", close=True))) == "y=a**b"


def test_what_stands_before_a_document_breaks_nothing() -> None:
    group = Brackets("f(", ("a",), "]", exploded=True, single=True)
    assert prefixed("y=", group) == Brackets("y=f(", ("a",), "]", exploded=True, single=True)
    assert prefixed("y=", Operation((group, "b"), "+")) == Operation((prefixed("y=", group), "b"), "+")
    assert prefixed("y=", Dotted("x", (group,))) == Dotted("y=x", (group,))
    assert prefixed("y=", "x") == "y=x"


def test_a_free_name_is_the_first_one() -> None:
    assert unique("a", []) == "a" and unique("a", ["a"]) == "a2"
    assert unique("a", ["a", "a2", "a4"]) == "a3" and unique("a", ["b", "a3"]) == "a"


def test_run_time_sizes_are_found_in_lists() -> None:
    from archdsl.shapes import symbol

    assert is_static((1, [2, (3, None)])) and not is_static((1, [2, (symbol("N"),)]))


def test_values_that_are_all_the_same() -> None:
    assert all_same([3, 3, 3]) and not all_same([3, 3, 4]) and not all_same([3, 4, 3]) and all_same([3])
