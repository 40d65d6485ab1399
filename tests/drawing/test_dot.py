"""The DOT text: golden files, determinism and hostile names.

After a wanted change: `ARCHDSL_UPDATE=1 pytest tests/drawing/test_dot.py`.
"""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree

import pytest

from archdsl.drawing.dot import dot_source
from archdsl.figure.outline import outline
from archdsl.figure.view import View
from archdsl.formats import figure_svg
from tests.figure.building import SMALL, Builder, bottleneck, residual_network

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize(
    ("name", "depth"), [("residual", 1), ("u", 1), ("streams", 2), ("heads", 2), ("loops", 1), ("loops", 2)]
)
def test_dot_is_what_it_was(name: str, depth: int) -> None:
    path = GOLDEN / f"{name}_{depth}.gv"
    assert_golden(path, View(depth=depth, terraced=False), name)


@pytest.mark.parametrize(
    ("name", "what", "view"),
    [
        ("residual", "right", View(depth=1, direction="LR")),
        ("u", "right", View(depth=1, direction="LR")),
        ("loops", "right", View(depth=1, direction="LR")),
        ("residual", "expanded", View(depth=1, expand=("layer1.1",))),
        ("streams", "expanded", View(depth=1, expand=("decoder.2.mlp",), collapse=("encoder",))),
        ("residual", "print", View(depth=1, style="print", counts=False, batch=True, title="Ours")),
    ],
)
def test_dot_of_a_view_is_what_it_was(name: str, what: str, view: View) -> None:
    assert_golden(GOLDEN / f"{name}_{what}.gv", view, name)


def assert_golden(path: Path, view: View, name: str) -> None:
    text = dot_source(outline(SMALL[name](), view))
    if os.environ.get("ARCHDSL_UPDATE"):
        path.write_text(text, "utf-8")
    assert text == path.read_text("utf-8")


def test_the_same_graph_gives_the_same_text() -> None:
    first, second = (dot_source(outline(residual_network(), View(depth=2))) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", ["a<b>&amp;c", 'quo"te', "back\\slash\\N", "a:b", "a\x00b\x1b", "ein Bär → 熊", "<b>"])
def test_no_name_breaks_a_figure(name: str) -> None:
    b = Builder(name)
    x = bottleneck(b, f"{name}.0", b.input(16, 8, 8, name=name), 8)
    svg = figure_svg(b.graph(**{name: x}))
    texts = "".join(text for element in ElementTree.fromstring(svg).iter() if (text := element.text))
    visible = name.replace("\x00", "�").replace("\x1b", "�")
    assert visible in texts
