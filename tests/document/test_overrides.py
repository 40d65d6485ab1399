"""Parameters and sizes that are set from outside."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.document.inherit import read
from tests.document.family import TABLED, Write, good, wrong


def test_parameters_from_outside(write: Write) -> None:
    resolved = good("families/family.yaml", width=7.5, act={"op": "gelu"}, cfg=(1, (2, 3)), opt="x", free=[None])
    given = {"width": 7.5, "act": {"op": "gelu"}, "cfg": [1, [2, 3]], "opt": "x", "free": [None]}
    assert resolved.params == {**good("families/family.yaml").params, **given}
    assert resolved.overrides == given


def test_null_is_no_op(write: Write) -> None:
    assert good("families/family.yaml", act=None).params["act"] is None


def test_one_value_of_a_table(write: Write) -> None:
    write(tabled=TABLED)
    given = {"rows.1.out": 128, "mixed": [1, 2, "M"], "mixed.0": "M", "typed.1.0": 7}
    resolved = good("tabled.yaml", **given)
    assert resolved.params == {
        "rows": [{"out": 8}, {"out": 128}], "mixed": ["M", 2, "M"], "typed": [1, [7, 3]],
    }  # fmt: skip
    assert resolved.overrides == given


@pytest.mark.parametrize(
    ("params", "code", "message", "hint"),
    [
        ({"rowz.1": 1}, "unknown-parameter", "no parameter `rowz`", "did you mean `rows`?"),
        ({"rows.2.out": 1}, "unknown-parameter", "no `2` in `rows`", "its items are 0 to 1"),
        ({"rows.1.oot": 1}, "unknown-parameter", "no `oot` in `rows.1`", "did you mean `out`?"),
        ({"rows.1.out.x": 1}, "unknown-parameter", "`rows.1.out` is the number 16 and holds no `x`", None),
        ({"rows": [], "rows.0.out": 1}, "unknown-parameter", "no `0` in `rows`", "it is empty"),
        ({"rows.1.out": "x"}, "wrong-type", "parameter `rows.1.out`: expected a number, found the text `x`",
         "the default is the number 16"),
        ({"rows.1": 3}, "wrong-type", "parameter `rows.1`: expected a mapping, found the number 3",
         "the default is a mapping"),
        ({"mixed.1": True}, "wrong-type", "parameter `mixed.1`: expected text, found true",
         "the default is the text `M`"),
    ],
)  # fmt: skip
def test_a_value_that_is_not_in_the_table(write: Write, params: Any, code: str, message: str, hint: str | None) -> None:
    write(tabled=TABLED)
    (found,) = read("tabled.yaml", params)[1]
    assert (found.code, found.message, found.hint) == (code, message, hint)


@pytest.mark.parametrize("name", ["x" * 1001, "rows" + ".0" * 40_000])
def test_a_path_that_is_too_long_is_not_followed(write: Write, name: str) -> None:
    write(tabled=TABLED)
    (found,) = read("tabled.yaml", {name: 1})[1]
    assert (found.code, found.message) == ("unknown-parameter", f"a path of {len(name):,} characters to a parameter")


def test_the_table_of_the_file_stays_as_it_is(write: Write) -> None:
    write(tabled=TABLED)
    assert good("tabled.yaml", **{"rows.0.out": 1, "rows.1.out": 2}).params["rows"] == [{"out": 1}, {"out": 2}]
    assert good("tabled.yaml").params["rows"] == [{"out": 8}, {"out": 16}]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"width": "x"}, "parameter `width`: expected a number, found the text `x`"),
        ({"width": True}, "parameter `width`: expected a number, found true"),
        ({"act": 3}, "parameter `act`: expected text, found the number 3"),
        ({"flag": 1}, "parameter `flag`: expected true or false, found the number 1"),
        ({"cfg": 1}, "parameter `cfg`: expected a list, found the number 1"),
        ({"opt": 1}, "parameter `opt`: expected text, found the number 1"),
        ({"free": object()}, "parameter `free`: expected plain data, found a value of type `object`"),
    ],
)
def test_parameters_of_the_wrong_kind(write: Write, params: Any, message: str) -> None:
    assert wrong("families/family.yaml", params) == [("wrong-type", message)]
    resolved = read("families/family.yaml", params)[0]
    assert resolved is not None and resolved.overrides == {}


def test_unknown_parameters_and_bad_sizes(write: Write) -> None:
    found = read("families/family.yaml", {"widht": 3}, {"H": 0, "W": 2})
    assert sorted(each.code for each in found[1]) == ["bad-value", "unknown-parameter"]
    assert "did you mean `width`?" in {each.hint for each in found[1]}
    assert found[0] is not None and found[0].overrides == {"W": 2}


@pytest.mark.parametrize(
    ("params", "given", "told"),
    [
        ("{a: 3, b: [1, 2}", {"a": 4, "c": 5, "b.1": 6}, []),
        ("[a, b]", {"a": 4}, []),
        ("\n  a: {b: [1, 2}\n  c: 3", {"a": 4, "a.b": 5, "c.d": 6, "e": 7}, ["c", "e"]),
    ],
)
def test_what_is_set_of_parameters_that_cannot_be_read(write: Write, params: str, given: Any, told: list[str]) -> None:
    write(torn=f"archdsl: 1\nparams: {params}\ninputs: {{x: [N, 8]}}\nnodes: [relu]\n")
    _, found = read("torn.yaml", given)
    unknown = [each.message for each in found if each.code == "unknown-parameter"]
    assert len(found) == len(told) + 1 and all(f"`{name}`" in " ".join(unknown) for name in told)
