"""Themes of networks, written at random: names that there are, and others; colours that can be read, and others."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import strategies as st

from archdsl.figure.colours import coloured
from archdsl.figure.figure import Figure
from archdsl.figure.outline import outline
from archdsl.figure.theme import Colour, Theme
from archdsl.figure.view import View
from archdsl.ir.graph import Graph
from archdsl.ir.scopes import scopes_of
from archdsl.theming.reading import read_theme

HOSTILE = '<b>&amp;"`$x$ %{}\\|#~^_*[](javascript:alert(1))'
"""A label that would be markup in each of the formats."""
PRINTED = st.characters(exclude_categories=("C", "Z"))
TEXTS = st.one_of(st.sampled_from(("Stage 1", HOSTILE, "图", "a" * 100)), st.text(PRINTED, min_size=1, max_size=12))
HEXES = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


def theme_of(data: Mapping[str, Any], graph: Graph) -> Theme:
    """The theme that a file with this content is."""
    return theme_of_text(json.dumps(data, ensure_ascii=False), graph)


def theme_of_text(text: str, graph: Graph) -> Theme:
    """The theme that a file with this text is."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "theme.yaml"
        file.write_bytes(text.encode("utf-8", "surrogatepass"))
        return read_theme(file, graph)


def figure_saying(text: str, graph: Graph) -> Figure:
    """The figure with a theme that says the text wherever it can, also what the file of one may not say."""
    said = text[:30]
    labels = {"a": said, "c.d": said, "x": said, "second": said}
    theme = Theme(legend=True, labels=labels, groups={said: ("b",)}, colours={said: Colour("#ffd6a5")})
    view = View(depth=1, title=text[:80], theme=theme)
    return coloured(graph, [outline(graph, view)], view)[0]


def paths_of(graph: Graph) -> list[str]:
    """The paths of a graph's nodes and scopes."""
    return [*(node.path for node in graph.nodes), *(scope.path for scope in scopes_of(graph.root) if scope.path)]


def themes(paths: Sequence[str], names: Sequence[str] = ()) -> st.SearchStrategy[dict[str, Any]]:
    """Themes of a network with these paths, blocks and ops; most of what they say can be done."""
    path = st.sampled_from(list(paths))
    colour = st.one_of(HEXES, st.sampled_from(("linear", "block")), st.fixed_dictionaries({"fill": HEXES}))
    return st.fixed_dictionaries(
        {},
        optional={
            "title": TEXTS,
            "legend": st.booleans(),
            "labels": st.dictionaries(path, TEXTS, max_size=4),
            "colours": st.dictionaries(st.sampled_from([*paths, *names, "relu", "conv2d"]), colour, max_size=4),
            "hide": st.lists(path, max_size=2),
            "group": st.dictionaries(TEXTS, st.lists(path, min_size=1, max_size=3), max_size=1),
        },
    )
