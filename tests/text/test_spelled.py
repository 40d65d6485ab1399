"""How values stand in messages, tables and manuals."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.text.spelled import spelled


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (0, "0"), (1.5, "1.5"), ("same", "same"), ([], "[]"),
        ((1, None, (True, "a")), "[1, null, [true, a]]"), ({"op": "relu", "ks": [3, 3]}, "{op: relu, ks: [3, 3]}"),
    ],
)  # fmt: skip
def test_a_value_is_written_as_in_a_spec(value: Any, text: str) -> None:
    assert spelled(value) == text
