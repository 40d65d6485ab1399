"""docs/architecture.md: what is made of the code is fresh, and what it names is there."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

pytest.importorskip("tomllib", reason="docs/make_architecture.py reads pyproject.toml")

from archdsl.pipeline import Stage
from docs import make_architecture

ROOT = Path(__file__).parents[1]
PAGE = make_architecture.TARGET.read_text("utf-8")


def test_the_page_is_fresh() -> None:
    text = make_architecture.render(PAGE)
    if os.environ.get("ARCHDSL_UPDATE"):
        make_architecture.TARGET.write_text(text, encoding="utf-8")
    assert text == PAGE, "run `python docs/make_architecture.py`"


def test_a_branch_stands_below_what_it_leaves() -> None:
    stages = (
        Stage("read", "text", "graph", "f"),
        Stage("write", "graph", "source", "g"),
        Stage("sum", "graph", "n", "h"),
    )
    assert list(make_architecture.flow_lines(stages)) == [
        "text ── read ──> graph ── write ──> source",
        "                 graph ── sum ──> n",
    ]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`((?:archdsl|compiler|tests|docs|specs)/[\w./]*)`", PAGE))))
def test_the_files_that_it_names_are_there(path: str) -> None:
    assert (ROOT / path).exists()


def test_a_word_stands_once_in_the_vocabulary() -> None:
    table = PAGE.partition("| word | means |")[2]
    words = [word for row in re.findall(r"^\| ([^|]+) \|", table, re.MULTILINE) for word in re.split(r", ", row)]
    assert len(words) > 40
    assert sorted({word for word in words if words.count(word) > 1}) == []
