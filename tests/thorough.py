"""How much is tried: all of it in CI, a part of it at a desk, where each rule keeps some examples.

`ARCHDSL_THOROUGH` asks for all examples of property tests without CI's new ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Final

import pytest

CI: Final = bool(os.environ.get("CI"))
THOROUGH: Final = CI or bool(os.environ.get("ARCHDSL_THOROUGH"))


def examples(count: int) -> int:
    """How many examples a property test draws: `count`, at a desk a quarter."""
    return count if THOROUGH else max(5, count // 4)


def some(values: Iterable[Any], every: int = 4) -> list[Any]:
    """Parameters of a test, a tuple or `pytest.param` for several arguments, of which all but every fourth are slow."""
    return [value if place % every == 0 else _slow(value) for place, value in enumerate(values)]


def _slow(value: Any) -> Any:
    if isinstance(value, _PARAM):
        return pytest.param(*value.values, marks=[*value.marks, pytest.mark.slow], id=value.id)
    return pytest.param(*(value if type(value) is tuple else (value,)), marks=pytest.mark.slow)


_PARAM: Final = type(pytest.param())
