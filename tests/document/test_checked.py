"""The form of a spec file, and what is said about files that do not have it."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.document.checked import check
from archdsl.document.model import Block, Document
from archdsl.text.spelled import kind_of

GOOD: dict[str, Any] = {
    "archdsl": 1,
    "name": "net",
    "params": {"width": 3, "norm": {"op": "batch_norm2d"}},
    "let": {"double": "width * 2"},
    "inputs": {
        "x": ["N", 3, "H = 224"],
        "tokens": {"shape": ["N"], "dtype": "int64", "below": "width"},
        "for i in range(2)": {"level$i": ["N"]},
    },
    "blocks": {"down": {"params": {"out": "int"}, "inputs": {"mask": {"optional": True}}, "nodes": ["relu"]}},
    "nodes": {"a": "relu"},
    "outputs": "a",
    "init": {"*.a": {"weight": "zeros"}},
}


def mistakes(change: dict[str, Any]) -> list[tuple[str, str, tuple[Any, ...]]]:
    return [(found.fault.code, found.fault.message, found.path) for found in check({**GOOD, **change})[1]]


def test_a_good_file_keeps_its_plain_data() -> None:
    document, found, _ = check(GOOD)
    assert found == [] and isinstance(document, Document)
    assert document.inputs == GOOD["inputs"] and document.nodes == GOOD["nodes"]
    assert isinstance(document.blocks["down"], Block) and document.blocks["down"].nodes == ["relu"]


def test_a_library_needs_blocks_only() -> None:
    assert check({"archdsl": 1, "blocks": {"a": {"nodes": []}}})[1] == []


@pytest.mark.parametrize(
    ("change", "code", "message", "path"),
    [
        ({"nam": 1}, "unknown-key", "unknown key `nam`", ("nam",)),
        (
            {"archdsl": 2},
            "bad-version",
            "`archdsl`: expected version 1 of the language, found the number 2",
            ("archdsl",),
        ),
        ({"archdsl": True}, "bad-version", "`archdsl`: expected version 1 of the language, found true", ("archdsl",)),
        ({"nodes": 3}, "wrong-type", "`nodes`: expected a mapping or a list of nodes, found the number 3", ("nodes",)),
        ({"params": ["a"]}, "wrong-type", "`params`: expected a mapping, found a list", ("params",)),
        ({"params": None}, "wrong-type", "`params`: expected a mapping, found nothing", ("params",)),
        ({"use": "blocks/a"}, "wrong-type", "`use`: expected a list, found the text `blocks/a`", ("use",)),
        ({"use": [3]}, "wrong-type", "`0`: expected text, found the number 3", ("use", 0)),
        ({"summary": []}, "wrong-type", "`summary`: expected text, found a list", ("summary",)),
        ({"blocks": {"a": []}}, "wrong-type", "`a`: expected a mapping, found a list", ("blocks", "a")),
        ({"blocks": {"a": {}}}, "missing-field", "`nodes` is missing", ("blocks", "a")),
        ({"blocks": {"a": {"nodes": [], "ports": {}}}}, "unknown-key", "unknown key `ports`", ("blocks", "a", "ports")),
        ({"inputs": {"x": 3}}, "wrong-type", "`x`: expected a shape, found the number 3", ("inputs", "x")),
        ({"inputs": {"x": {"shap": []}}}, "unknown-key", "unknown key `shap`", ("inputs", "x", "shap")),
        (
            {"inputs": {"for i in y": {"x": {"dtype": 1}}}},
            "wrong-type",
            "`dtype`: expected text, found the number 1",
            ("inputs", "for i in y", "x", "dtype"),
        ),
        (
            {"inputs": {"for i in y": ["N"]}},
            "wrong-type",
            "`for i in y`: expected a mapping of inputs, found a list",
            ("inputs", "for i in y"),
        ),
        ({"let": {"width": 1}}, "duplicate-name", "`width` is a parameter already", ("let", "width")),
        (
            {"blocks": {"a": {"nodes": [], "params": {"b": 1}, "let": {"b": 2}}}},
            "duplicate-name",
            "`b` is a parameter already",
            ("blocks", "a", "let", "b"),
        ),
    ],
)
def test_what_does_not_fit(change: dict[str, Any], code: str, message: str, path: tuple[Any, ...]) -> None:
    assert mistakes(change) == [(code, message, path)]


@pytest.mark.parametrize("name", ["Width", "class", "1a", "a-b", "é"])
def test_parameters_have_lower_case_names(name: str) -> None:
    ((code, message, path),) = mistakes({"params": {name: 1}})
    assert code == "bad-name" and f"`{name}`" in message and path == ("params", name)


@pytest.mark.parametrize("name", ["a b", "1a", "for", "a.b"])
def test_blocks_and_inputs_have_names(name: str) -> None:
    assert mistakes({"blocks": {name: {"nodes": []}}})[0][0] == "bad-name"
    assert mistakes({"inputs": {name: ["N"]}})[0][0] == "bad-name"


def test_unknown_keys_come_with_the_nearest() -> None:
    hints = {found.path[-1]: found.fault.hint for found in check({**GOOD, "parms": {}, "zzz": 1})[1]}
    assert hints["parms"] == "did you mean `params`?"
    assert str(hints["zzz"]).startswith("the keys here are archdsl, name, ")


def test_all_mistakes_come_at_once_and_unknown_keys_leave_a_document() -> None:
    raw = {"nam": "x", "nodes": {"a": "relu"}, "blocks": {"a": {"nodes": [], "ports": 1}}}
    document, found, _ = check(raw)
    assert sorted(each.fault.code for each in found) == ["missing-field", "unknown-key", "unknown-key"]
    assert document is not None and document.nodes == {"a": "relu"}
    assert "ports" in raw["blocks"]["a"]  # type: ignore[index]


@pytest.mark.parametrize("raw", [None, [], "text", 3])
def test_a_file_is_a_mapping(raw: Any) -> None:
    document, (found,), _ = check(raw)
    assert document is None and found.fault.message == f"expected a mapping, found {kind_of(raw)}"


@pytest.mark.parametrize("key", [key for key in Document.model_fields if key != "archdsl"])
@pytest.mark.parametrize("value", [3, "x y", [[1]], {"a b": {"c": 1}}, True])
def test_no_words_of_pydantic_are_shown(key: str, value: Any) -> None:
    for _, message, _ in mistakes({key: value}):
        assert not {"Input should", "pydantic", "instance"} & set(message.split(" ")) and message[0] in "`eut"
        assert not message.endswith(".") and "Input should" not in message
