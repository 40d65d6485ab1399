"""docs/gallery.md and its figures: fresh, and one of every network."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.cli.zoo import families
from docs import make_gallery

FAMILIES = families()
FIRSTS = [*{family: name for name, family in reversed(FAMILIES.items())}.values()]
"""One network of each family."""
QUICK = frozenset(FIRSTS[::3])
"""Those that are drawn at a desk."""


def test_the_page_is_fresh() -> None:
    assert make_gallery.TARGET.read_text(encoding="utf-8") == make_gallery.page(), "run `python docs/make_gallery.py`"


def test_there_is_a_figure_of_every_network_and_no_other() -> None:
    assert {path.stem for path in make_gallery.FIGURES.iterdir()} == set(FAMILIES)


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in FAMILIES]
)
def test_a_figure_is_fresh(name: str) -> None:
    shown = (make_gallery.FIGURES / f"{name}.svg").read_text(encoding="utf-8")
    assert len(make_gallery.said(shown)) > 10
    assert make_gallery.said(shown) == make_gallery.said(make_gallery.figure(name)), (
        f"run `python docs/make_gallery.py {name}`"
    )


def test_the_readme_s_figure_is_of_its_spec() -> None:
    shown = make_gallery.README_FIGURE.read_text(encoding="utf-8")
    assert "digits" in make_gallery.said(shown)
    assert make_gallery.said(shown) == make_gallery.said(make_gallery.example_figure())
    assert f"docs/{make_gallery.README_FIGURE.name}" in Path("README.md").read_text(encoding="utf-8")
