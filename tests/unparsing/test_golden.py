"""The specs of some networks' graphs, as they are: read the change before you write them anew.

`ARCHDSL_UPDATE=1 pytest tests/unparsing/test_golden.py` writes the files of `golden/`.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import archdsl
from archdsl.unparsing.unparse import unparse
from docs import make_unparsing

FOLDER = Path(__file__).parent / "golden"
LONGEST = {"resnet50": 60, "swin_t": 160, "densenet121": 60, "bilstm_tagger": 150}


@pytest.mark.parametrize(("name", "limit"), LONGEST.items())
def test_the_spec_is_as_expected(name: str, limit: int) -> None:
    text = archdsl.spec(name)
    expected = FOLDER / f"{name}.yaml"
    if os.environ.get("ARCHDSL_UPDATE"):
        FOLDER.mkdir(exist_ok=True)
        expected.write_text(text, encoding="utf-8")
    assert text == expected.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= limit
    assert max(map(len, text.splitlines())) <= 120


def test_the_page_shows_what_the_command_prints() -> None:
    page = make_unparsing.TARGET.read_text("utf-8")
    assert make_unparsing.render(page) == page


def test_the_text_is_the_same_for_the_same_graph() -> None:
    graph = archdsl.graph("mobilenet_v3_small")
    assert unparse(graph) == unparse(archdsl.Graph.from_json(graph.to_json()))
