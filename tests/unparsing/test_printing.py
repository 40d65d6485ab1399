"""Texts of a stranger stand in a spec's text as they are, and mean nothing there."""

from __future__ import annotations

import pytest

import archdsl

TEXTS = (
    "plain", "two: parts", "# no comment", "a #comment", "{flow}", "[list]", "true", "null", "~", "1e5", "0x10",
    "- item", "? key", "*alias", "&anchor", "!tag", "%x", "@x", "`x`", "'q'", '"q"', "back\\slash", "line\nbreak",
    "tab\tstop",
    "bell\x07", "next\x85line", "separated\u2028lines", "carriage\rreturn", " blanks ", "ends:", "…", "日本語",
    "= a + b", "$name", "$(1 + 1)", "--- a", "no", "3:4", "2015-12-10",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS, ids=repr)
@pytest.mark.parametrize("expanded", [False, True])
def test_a_text_comes_back_as_it_is(text: str, expanded: bool) -> None:
    nodes = {"a": {"op": "relu", "note": text}}
    net = {"archdsl": 1, "name": "net", "summary": text, "inputs": {"x": ["N", 4]}, "nodes": nodes}
    graph = archdsl.graph(net)
    found = archdsl.loads(archdsl.spec(graph, expanded=expanded))
    assert (found.summary, found.nodes[0].note) == (graph.summary, graph.nodes[0].note)
