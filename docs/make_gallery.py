"""Writes docs/gallery.md and the figures in docs/gallery/: `python docs/make_gallery.py [NETWORK...]`.

With names, only these networks' figures are drawn again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

TARGET = Path(__file__).with_name("gallery.md")
FIGURES = TARGET.with_name("gallery")
README_FIGURE = TARGET.with_name("digits.svg")
sys.path.insert(0, str(TARGET.parent.parent))

from archdsl import load  # noqa: E402
from archdsl.cli import zoo  # noqa: E402
from archdsl.elaboration.analyse import analyse  # noqa: E402
from archdsl.figure.view import View  # noqa: E402
from archdsl.formats import figure_svg  # noqa: E402
from archdsl.ir.graph import Graph  # noqa: E402
from docs.make_zoo import members  # noqa: E402

INTRODUCTION = """\
# The gallery

Every network that ships, as `archdsl draw NAME -o NAME.svg` draws it: the overview, and beside it a detail of each
block with a structure of its own. Nothing in a figure is arranged by hand. Click a figure to see it alone;
`archdsl view NAME` shows it with every block to open.

This page and its figures are made by `python docs/make_gallery.py`.
"""


def page() -> str:
    """The page's text."""
    return "\n".join([INTRODUCTION, *_sections()])


def _sections() -> Iterator[str]:
    for family, names in members().items():
        yield f"## {family}\n"
        for name in names:
            summary = load(name).summary or ""
            yield f"**{name}**: {summary}\n"
            yield f"[![{name}: {summary}](gallery/{name}.svg)](gallery/{name}.svg)\n"


def _graph(spec: str) -> Graph:
    graph, diagnostics = analyse(spec)
    assert graph is not None, diagnostics
    return graph


def figure(name: str) -> str:
    """A network's figure as SVG text."""
    return figure_svg(_graph(name))


def example_figure() -> str:
    """The figure of the spec that README shows, as SVG text."""
    import tempfile

    readme = TARGET.parent.with_name("README.md").read_text(encoding="utf-8")
    spec = readme.split("```yaml\n", 1)[1].split("```", 1)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "digits.yaml")
        path.write_text(spec, encoding="utf-8")
        return figure_svg(_graph(str(path)), View(depth=1))


def said(svg: str) -> list[str]:
    """What a figure says, wherever it says it: the names of its boxes and links, and its texts."""
    return re.findall(r"<(?:title|text)[^>]*>([^<]*)<", svg)


def write(names: Iterable[str]) -> None:
    FIGURES.mkdir(exist_ok=True)
    for name in names:
        (FIGURES / f"{name}.svg").write_text(figure(name), encoding="utf-8")
        print(name, flush=True)


if __name__ == "__main__":
    chosen = sys.argv[1:]
    write(chosen or zoo.families())
    if not chosen:
        known = zoo.families()
        for old in FIGURES.glob("*.svg"):
            if old.stem not in known:
                old.unlink()
        TARGET.write_text(page(), encoding="utf-8")
        README_FIGURE.write_text(example_figure(), encoding="utf-8")
