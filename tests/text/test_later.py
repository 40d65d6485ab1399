"""Names that are imported when they are first used."""

from __future__ import annotations

import pytest

from archdsl.text import spelled
from archdsl.text.later import imported

HOMES = {"spelled": "spelled", "nothing": "spelled", "lost": "nowhere"}


def test_a_name_is_found_in_its_home() -> None:
    assert imported("archdsl.text", HOMES, "spelled") is spelled.spelled


def test_other_names_are_no_attributes() -> None:
    with pytest.raises(AttributeError, match=r"module 'archdsl\.text' has no attribute 'kind_of'"):
        imported("archdsl.text", HOMES, "kind_of")


def test_a_home_that_lacks_the_name_or_is_not_there_says_so() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        imported("archdsl.text", HOMES, "nothing")
    with pytest.raises(ModuleNotFoundError, match="nowhere"):
        imported("archdsl.text", HOMES, "lost")
