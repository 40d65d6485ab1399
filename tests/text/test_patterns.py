"""Patterns mean what the regular expression means that they would be, and take time in proportion to the text."""

from __future__ import annotations

import re
import time

from hypothesis import given
from hypothesis import strategies as st

from archdsl.ir.renaming import Rename
from archdsl.text.patterns import Paths, filled, match

LETTERS = st.text("ab.", max_size=9)
PATTERNS = st.text("ab.*", max_size=9)


def expected(pattern: str, text: str) -> tuple[str, ...] | None:
    found = re.fullmatch(re.escape(pattern).replace(r"\*", "(.*)"), text, re.DOTALL)
    return None if found is None else found.groups()


@given(PATTERNS, LETTERS)
def test_a_pattern_is_a_greedy_regular_expression(pattern: str, text: str) -> None:
    assert match(pattern, text) == expected(pattern, text)


@given(PATTERNS, st.lists(LETTERS, max_size=9))
def test_what_stars_stand_for_fills_them(pattern: str, texts: list[str]) -> None:
    for text in texts:
        stars = match(pattern, text)
        assert stars is None or filled(pattern, stars) == text


@given(PATTERNS, st.sets(LETTERS, max_size=9))
def test_paths_are_found_as_by_comparing_each(pattern: str, paths: set[str]) -> None:
    assert set(Paths(paths).matching(pattern)) == {path for path in paths if expected(pattern, path) is not None}


def test_each_star_takes_its_place_in_the_new_name() -> None:
    rename = Rename("*.norm.*.*", "*.norm*.*")
    assert rename.apply("layers.0.norm.1.weight") == "layers.0.norm1.weight"
    assert rename.apply("norm.1.weight") is None
    assert Rename("a.*", None).apply("a.b") is None
    assert Rename("a.*", None).meant("a.b")


def test_no_pattern_is_slow() -> None:
    start = time.process_time()
    assert match("*a" * 5000 + "b", "a" * 100_000) is None
    assert match("*" + "a" * 5000 + "b*" + "a" * 5000, "a" * 200_000) is None
    assert match("*a*", "b" * 100_000) is None
    assert time.process_time() - start < 1
