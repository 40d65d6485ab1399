"""Expressions in one small environment."""

from __future__ import annotations

from typing import Any

import pytest

from archdsl.expressions import ExpressionError, parse
from archdsl.shapes import TensorType, symbol

H, N = symbol("H"), symbol("N")
STAGES = [{"kernel": 3, "out": 16}, {"kernel": 5, "out": 24}]
ENV = {
    "i": 3,
    "H": H,
    "N": N,
    "stages": STAGES,
    "depths": [2, 2, 6, 2],
    "name": "abc",
    "x": TensorType((N, 3, H)),
}


def value(text: str, **env: Any) -> Any:
    return parse(text).evaluate({**ENV, **env})


def failure(text: str) -> tuple[str, str]:
    """The message, and the stretch of text that it points to."""
    with pytest.raises(ExpressionError) as caught:
        value(text)
    error = caught.value
    assert 0 <= error.start <= error.end <= len(text)
    return error.message, text[error.start : error.end]


def undecided(text: str) -> bool:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    return caught.value.undecided


def hint(text: str) -> str | None:
    with pytest.raises(ExpressionError) as caught:
        value(text)
    return caught.value.hint
