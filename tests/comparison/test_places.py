"""Many paths in few words, exactly."""

from __future__ import annotations

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.comparison.places import listed, patterns


def expanded(pattern: str) -> list[str]:
    """Every path that a pattern stands for."""
    parts = re.split(r"(\{[^}]*\}|\d+–\d+)", pattern)
    choices = [_numbers(part.strip("{}")) if re.match(r"\{|\d+–", part) else [part] for part in parts]
    return ["".join(each) for each in product(*choices)]


def _numbers(text: str) -> list[str]:
    found: list[str] = []
    for part in text.split(","):
        first, _, last = part.partition("–")
        found += [str(number) for number in range(int(first), int(last or first) + 1)]
    return found


PATHS = st.lists(st.from_regex(r"[a-c](0|[1-9])(\.(x|0|[1-9]|1[0-9]))?(\.bn[1-3])?", fullmatch=True), unique=True)


@given(PATHS)
def test_patterns_stand_for_these_paths_and_no_others(paths: list[str]) -> None:
    found = [path for pattern in patterns(paths) for path in expanded(pattern)]
    assert sorted(found) == sorted(paths)


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["fc"], "fc"),
        ([f"layer{i}.0.bn{k}" for i in (1, 2, 4) for k in (1, 2)], "layer{1–2,4}.0.bn1–2"),
        (["a.1", "a.3"], "a.{1,3}"),
        (["x01", "x02"], "x01, x02"),
        (list("abcde"), "a, b, c, d, e"),
        (list("abcdefg"), "a, b, c, d and 3 more places"),
    ],
)
def test_listed(paths: list[str], expected: str) -> None:
    assert listed(paths) == expected
