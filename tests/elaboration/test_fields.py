"""Where a formula's stretches are written, whatever is substituted before them."""

from __future__ import annotations

import re
from typing import Final

import pytest

from archdsl.document.substitution import parse_text
from archdsl.elaboration.fields import formula_text
from archdsl.ir.graph import Binding, Env

ENV: Final = Env({"a": Binding(12, "param"), "long": Binding("x", "param")})


def spelled(raw: str) -> tuple[str, list[tuple[int, int]]]:
    """The text with its `$` substituted, and where each of its characters is written, a substitution as a whole."""
    made, places = "", []
    for match in re.finditer(r"\$\(?(\w+)\)?|.", raw):
        value = match.group() if match.group(1) is None else str(ENV[match.group(1)])
        made += value
        places += [match.span()] * len(value)
    return made, places


@pytest.mark.parametrize(
    "raw", ["x + 1", "$a", "$a + x", "x * $a", "x+$(a)+y", "$a$long$a", "$(long)$a.z", "max($long, 3)", "x + $long +"]
)
def test_every_stretch_of_a_formula_is_found_in_the_source(raw: str) -> None:
    text = formula_text(parse_text(raw), ENV)
    made, places = spelled(raw)
    assert text.text == made
    for start in range(len(made)):
        for end in range(start + 1, len(made) + 1):
            assert text.written(start, end) == (places[start][0], places[end - 1][1])
        begin, finish = places[start]  # where nothing stands: before a character, or at a substitution
        assert text.written(start, start) == ((begin, begin) if finish - begin == 1 else (begin, finish))
    assert text.written(len(made), len(made)) == (len(raw), len(raw))
