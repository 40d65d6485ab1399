"""The colours of figures can be read, and in print they are apart without colour."""

from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from archdsl.figure.palette import CHANGES, HEAT, PALETTES, SIGNS, Palette, paint_of
from archdsl.figure.view import STYLES, View
from archdsl.ops.base import Kind

READABLE = 4.5
"""WCAG 2.2, success criterion 1.4.3, level AA: the contrast of text with what is behind it."""
VISIBLE = 3
"""WCAG 2.2, success criterion 1.4.11: of a line with what is behind it."""
KINDS = [paint_of(kind) for kind in (None, *Kind)]

each_palette = pytest.mark.parametrize("palette", PALETTES.values(), ids=PALETTES)


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def grounds(palette: Palette) -> list[str]:
    """What text without a box stands on."""
    return [palette.ground, palette.panel]


def test_there_is_a_palette_for_every_style_and_a_paint_for_every_kind() -> None:
    assert set(PALETTES) == {View(style=style).palette for style in STYLES}
    for palette in PALETTES.values():
        assert set(palette.paints) == {*KINDS, *CHANGES, *HEAT}


@each_palette
def test_the_text_of_every_box_can_be_read(palette: Palette) -> None:
    for name, paint in palette.paints.items():
        assert contrast(paint.text, paint.fill) >= READABLE, name
        assert contrast("#FFFFFF", paint.pill) >= READABLE, name


@each_palette
def test_muted_text_can_be_read_in_boxes_and_beside_them(palette: Palette) -> None:
    for name in KINDS:
        assert contrast(palette.muted, palette.paints[name].fill) >= READABLE, name
    for ground in grounds(palette):
        assert contrast(palette.muted, ground) >= READABLE
        assert contrast(palette.title, ground) >= READABLE


@each_palette
def test_what_changed_can_be_read_where_it_is_said(palette: Palette) -> None:
    """A changed port has its text on the ground, and a remark stands in the box of what was altered."""
    for name in SIGNS:
        text = palette.paints[name].text
        assert all(contrast(text, behind) >= READABLE for behind in (*grounds(palette), palette.paints["altered"].fill))


@each_palette
def test_lines_can_be_seen(palette: Palette) -> None:
    lines = [palette.line, palette.skip, palette.paints["removed"].border]
    assert all(contrast(line, ground) >= VISIBLE for line in lines for ground in grounds(palette))


def test_print_has_no_colours() -> None:
    palette = PALETTES["print"]
    values = [value for paint in palette.paints.values() for value in paint]
    values += [
        palette.ground,
        palette.title,
        palette.muted,
        palette.line,
        palette.skip,
        palette.panel,
        palette.panel_line,
    ]
    assert [value for value in values if len({value[1:3], value[3:5], value[5:7]}) > 1] == []


def test_kinds_are_apart_in_print() -> None:
    greys = [int(PALETTES["print"].paints[name].fill[1:3], 16) for name in KINDS]
    assert min(abs(a - b) for a, b in combinations(greys, 2)) >= 9


@each_palette
def test_what_changed_is_apart_in_grey_too(palette: Palette) -> None:
    greys = sorted(luminance(palette.paints[name].fill) for name in SIGNS)
    assert min(b - a for a, b in pairwise(greys)) > 0.015
