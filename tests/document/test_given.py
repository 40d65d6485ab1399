"""A spec as a mapping or a text: it says what a file of that content would."""

from __future__ import annotations

from collections import UserDict, UserList
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.document.files import shipped
from archdsl.document.given import WIDTH, text_of
from archdsl.document.loader import load

SMALL: dict[str, Any] = {
    "archdsl": 1,
    "inputs": {"x": ["N", 16]},
    "params": {"width": 32, "rows": [{"out": 8}, {"out": 4}]},
    "nodes": {"hidden": {"op": "linear", "out_features": "max(width, 3) * 2"}, "act": "relu"},
}
_TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "",
        " ",
        "yes",
        "1e-5",
        "~",
        "a: b",
        "- a",
        "# a",
        "a #b",
        "{a}",
        "[",
        "'",
        '"',
        "a,b",
        "<<",
        "=",
        "?",
        "0x1",
        "1_0",
    ]
)
_DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXTS.filter(bool), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(_TEXTS.filter(bool), _DATA, min_size=1, max_size=4))
def test_the_text_of_a_mapping_holds_the_mapping(data: dict[str, Any]) -> None:
    text = text_of(data)
    assert text is not None
    found, _, diagnostics = load(text, "f.yaml")
    assert (found, diagnostics) == (data, [])


@pytest.mark.parametrize("path", shipped(), ids=lambda path: path.stem)
def test_what_ships_says_the_same_as_a_mapping(path: Path) -> None:
    data, _, _ = load(path.read_text("utf-8"), path.name)
    text = text_of(data)
    assert text is not None and load(text, path.name)[::2] == (data, [])


def test_lines_are_as_people_write_them() -> None:
    text = text_of({**SMALL, "blocks": {"wide": {"nodes": {f"layer{i}": "relu" for i in range(20)}}}})
    assert text is not None and max(map(len, text.splitlines())) <= WIDTH
    assert '  hidden: {op: linear, out_features: "max(width, 3) * 2"}\n  act: relu\n' in text
    assert "    - {out: 8}\n    - {out: 4}\n" in text
    assert "      layer0: relu\n" in text


def test_every_function_takes_a_mapping_and_a_text() -> None:
    text = text_of(SMALL)
    assert text is not None
    assert archdsl.check(SMALL) == archdsl.check(text)
    assert [found.code for found in archdsl.check(text)] == ["unused"]
    assert archdsl.load(SMALL).nodes == archdsl.load(text).nodes
    assert archdsl.graph(SMALL, width=8) == archdsl.loads(text, width=8) == archdsl.graph(text, width=8)
    assert archdsl.source(SMALL) == archdsl.source(text)
    assert archdsl.summary(SMALL).json() == archdsl.summary(text).json()
    assert not archdsl.diff(SMALL, text)
    assert [*archdsl.build(SMALL).state_dict()] == ["hidden.weight", "hidden.bias"]


def test_mistakes_show_the_line_that_the_mapping_would_have() -> None:
    wrong = {**SMALL, "nodes": {"a": {"op": "linear", "out_featurs": 3}}}
    with pytest.raises(archdsl.SpecError, match=r"(?s)spec\.yaml:\d+:.*  a: \{op: linear, out_featurs: 3\}"):
        archdsl.graph(wrong)
    with pytest.raises(archdsl.SpecError, match="did you mean `nodes`"):
        archdsl.load({"archdsl": 1, "nods": {"a": "relu"}})


def test_a_mapping_holds_what_a_file_can() -> None:
    with pytest.raises(TypeError, match="expected plain data, found a value of type `object`"):
        archdsl.graph({**SMALL, "params": {"width": object()}})
    with pytest.raises(TypeError, match="expected plain data, found a value of type `dict`"):
        archdsl.graph({**SMALL, "params": {1: 2}})


def test_containers_and_numbers_of_others_are_taken() -> None:
    """What configuration libraries and NumPy have: any mapping, any sequence, scalars and arrays."""
    given = UserDict({**SMALL, "params": UserDict({"width": numpy.int64(8), "rows": UserList([{"out": (8)}])})})
    assert archdsl.graph(given).params == {"width": 8, "rows": [{"out": 8}]}
    rows = UserList([UserDict({"out": numpy.float32(0.5)}), {"out": numpy.bool_(True)}])
    net = archdsl.graph(SMALL, rows=rows, width=numpy.uint8(4))
    assert net.params == {"width": 4, "rows": [{"out": 0.5}, {"out": True}]}
    assert type(net.params["width"]) is int and type(net.params["rows"][0]["out"]) is float
    assert archdsl.graph(SMALL, rows=numpy.array([[1, 2], [3, 4]])).params["rows"] == [[1, 2], [3, 4]]
    assert archdsl.graph(SMALL, sizes={"N": numpy.int32(3)}).sample_sizes == {"N": 3}
