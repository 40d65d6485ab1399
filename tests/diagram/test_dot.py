"""The DOT text: golden files, determinism and hostile names.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/diagram/test_dot.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archdsl.diagram import dot_text, figure_svg
from tests.diagram.building import SMALL, Builder, bottleneck, residual_network

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "depth"), [("residual", 1), ("u", 1), ("streams", 2), ("heads", 2), ("loops", 1), ("loops", 2)]
)
def test_dot_is_what_it_was(name: str, depth: int) -> None:
    path = GOLDEN / f"{name}_{depth}.gv"
    text = dot_text(SMALL[name](), depth=depth)
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_the_same_graph_gives_the_same_text() -> None:
    assert dot_text(residual_network(), depth=2) == dot_text(residual_network(), depth=2)


@pytest.mark.parametrize("name", ["a<b>&amp;c", 'quo"te', "back\\slash\\N", "a:b", "a\x00b\x1b", "ein Bär → 熊", "<b>"])
def test_no_name_breaks_a_figure(name: str) -> None:
    b = Builder(name)
    x = bottleneck(b, f"{name}.0", b.input(16, 8, 8, name=name), 8)
    svg = figure_svg(b.graph(**{name: x}))
    texts = "".join(text for element in ElementTree.fromstring(svg).iter() if (text := element.text))
    visible = name.replace("\x00", "�").replace("\x1b", "�")
    assert visible in texts
