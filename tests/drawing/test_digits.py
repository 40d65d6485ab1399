"""Figures that differ in digits alone have one layout, and no other figures do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archdsl.drawing.digits import first_alike, form_of
from archdsl.drawing.dot import dot_source
from archdsl.drawing.metrics import text_width
from archdsl.drawing.rendering import lay_out
from archdsl.figure.figure import Box, Figure, Link, LinkRole, Panel, Style


@pytest.mark.parametrize("bold", [False, True])
def test_all_digits_are_equally_wide(bold: bool) -> None:
    assert len({text_width(digit, 1000, bold=bold) for digit in "0123456789"}) == 1


def figure(channels: int, times: int = 2, title: str = "Conv") -> Figure:
    said = f"3×3, {channels}"
    boxes = (
        Box("conv1", Style.OP, "conv", title, fields=said, lines=(f"{channels} in all",)),
        Box("conv2", Style.CARD, "block", "Block 7", lines=(said,), counts=f"{channels} K params", times=times),
    )
    link = Link("conv1", "conv2", LinkRole.SPINE, label=f"{channels}×8×8")
    panel = Panel("all", (Box("h", Style.HEADER, "block", "h"), *boxes))
    return Figure(f"net{channels}", f"net {channels}", "", (panel,), (Link("h", "conv1", LinkRole.SPINE), link))


def test_the_layout_of_one_is_that_of_the_other() -> None:
    some, others = figure(128), figure(974)
    assert form_of(some) == form_of(others)
    assert first_alike([some, figure(64), others]) == [0, 1, 0]
    first, second = lay_out([dot_source(some), dot_source(others)])
    assert first == second


@pytest.mark.parametrize(
    "other", [figure(64), figure(128, times=3), figure(128, title="Conv "), replace(figure(128), compact=True)],
    ids=["fewer digits", "another pill", "another word", "set closer"],
)  # fmt: skip
def test_other_figures_have_other_layouts(other: Figure) -> None:
    assert form_of(other) != form_of(figure(128))


def test_names_are_no_numbers() -> None:
    """Which box a link leads to is told by names, digits and all."""
    some = figure(128)
    assert form_of(some.renamed(lambda name: name.replace("conv2", "conv3"))) != form_of(some)
