"""The colours of figures, by kind of op: on paper, on a dark ground, and in greys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from archdsl.figure.contrast import border_of, greyed, text_on, under_white
from archdsl.figure.theme import OWN, Colour, Theme
from archdsl.figure.view import PaletteName
from archdsl.ops.base import Kind


class Paint(NamedTuple):
    """Colours of a box: `pill` is the border's colour, dark enough for white text."""

    fill: str
    border: str
    text: str
    pill: str


@dataclass(frozen=True)
class Palette:
    """The colours of a figure."""

    paints: Mapping[str, Paint]
    """By kind of op, and by what became of a part of the network (`CHANGES`)."""
    ground: str
    title: str
    muted: str
    """Of small text: readable on the ground, on panels and in boxes."""
    line: str
    skip: str
    panel: str
    panel_line: str


CHANGES: Final = ("added", "altered", "removed", "unchanged")
"""What became of a part of the network: its paints are apart in grey print too, and for colour-blind readers."""
HEAT: Final = ("heat1", "heat2", "heat3", "heat4", "heat5")
"""How much of the network's total a part has, from the least to the most."""
LOUD: Final = (*CHANGES, *HEAT)
"""Paints on which small text has their own colour: the muted one would be too pale."""


def is_loud(paint: str) -> bool:
    """Whether small text has the paint's own colour on it."""
    return paint in LOUD or paint.startswith(OWN)


SIGNS: Final = {"added": "+", "altered": "~", "removed": "\N{MINUS SIGN}"}
"""What is written before what changed."""


def paint_of(kind: Kind | None) -> str:
    """The name of a box's paint, which is also its class in the SVG; None is a block."""
    return "block" if kind is None else kind.value


KINDS: Final = tuple(map(paint_of, (*Kind, None)))
"""The paints of kinds of op, and of blocks."""

PAPER: Final = Palette(
    paints={
        "conv": Paint("#DCE9FB", "#4A7FC1", "#12325B", "#3C6FAE"),
        "norm": Paint("#FFF4CC", "#C9A227", "#5C4700", "#8A6D0B"),
        "activation": Paint("#FBE1DD", "#C96A5B", "#6B1F13", "#A94B3C"),
        "pool": Paint("#DDF1E1", "#4E9A63", "#174B27", "#377A4A"),
        "linear": Paint("#E8E0F6", "#7E62B8", "#38216B", "#7557B0"),
        "attention": Paint("#FFE6CC", "#D2832B", "#6A3A05", "#A35F14"),
        "embedding": Paint("#D8F1F0", "#3A9A97", "#0F4A48", "#257B78"),
        "reshape": Paint("#EEF0F2", "#8A929C", "#374151", "#656D77"),
        "block": Paint("#F1F5FA", "#5B6B7F", "#1F2937", "#5B6B7F"),
        "added": Paint("#9CC7EE", "#1B5E9B", "#08304F", "#1B5E9B"),
        "altered": Paint("#FFF0CC", "#B26A00", "#5A3400", "#9A5B00"),
        "removed": Paint("#FFFFFF", "#8E2F6B", "#6B1F4F", "#8E2F6B"),
        "unchanged": Paint("#F7F8F9", "#C3C9D1", "#667080", "#6D757F"),
        "heat1": Paint("#F4F6FA", "#9AA7BA", "#2B3A50", "#5B6B7F"),
        "heat2": Paint("#D8E6F3", "#6F97BE", "#17324D", "#4A7199"),
        "heat3": Paint("#FBE3B5", "#C98F2B", "#4F3505", "#8A5F10"),
        "heat4": Paint("#F5B183", "#B45F21", "#4A1F03", "#94470F"),
        "heat5": Paint("#B3361E", "#7C1F0D", "#FFFFFF", "#7C1F0D"),
    },
    ground="#FFFFFF",
    title="#111827",
    muted="#5B6470",
    line="#4B5563",
    skip="#B45309",
    panel="#F8FAFC",
    panel_line="#CBD5E1",
)

DARK: Final = Palette(
    paints={
        "conv": Paint("#1D3352", "#6A9BDA", "#D3E4FA", "#3C6FAE"),
        "norm": Paint("#3D3413", "#C9A227", "#FBEBB0", "#8A6D0B"),
        "activation": Paint("#4A2621", "#D98476", "#FBDCD7", "#A94B3C"),
        "pool": Paint("#1C3A26", "#63B37A", "#D2EFD9", "#377A4A"),
        "linear": Paint("#322652", "#9C82D4", "#E6DDF8", "#7557B0"),
        "attention": Paint("#483013", "#DB9443", "#FFE3C4", "#A35F14"),
        "embedding": Paint("#143C3B", "#4FB3B0", "#CFF0EE", "#257B78"),
        "reshape": Paint("#2C323A", "#8A929C", "#E3E6EA", "#656D77"),
        "block": Paint("#232C38", "#7F90A6", "#E5EBF3", "#5B6B7F"),
        "added": Paint("#164A78", "#7DBBF0", "#E3F1FD", "#1B5E9B"),
        "altered": Paint("#4A3408", "#E0A030", "#FFE9BF", "#9A5B00"),
        "removed": Paint("#12161D", "#D585B6", "#F3C6E0", "#8E2F6B"),
        "unchanged": Paint("#1A2029", "#4A535F", "#A2ACB9", "#5F6875"),
        "heat1": Paint("#1A2029", "#56627A", "#C9D2DF", "#5F6875"),
        "heat2": Paint("#1D3A57", "#6F9CCB", "#DCE9F7", "#3C6FAE"),
        "heat3": Paint("#5A430F", "#D2A33B", "#FFEFC9", "#8A6D0B"),
        "heat4": Paint("#8A4412", "#EE9A58", "#FFF0E2", "#94470F"),
        "heat5": Paint("#B8321A", "#FF8A6E", "#FFFFFF", "#7C1F0D"),
    },
    ground="#12161D",
    title="#F3F5F8",
    muted="#B4BECB",
    line="#9AA6B5",
    skip="#F0A050",
    panel="#1A2029",
    panel_line="#3A4452",
)


def _grey(fill: str, border: str = "#333333", text: str = "#000000") -> Paint:
    return Paint(fill, border, text, "#333333")


PRINT: Final = Palette(
    paints={
        "conv": _grey("#C6C6C6"),
        "norm": _grey("#F6F6F6"),
        "activation": _grey("#E4E4E4"),
        "pool": _grey("#B4B4B4"),
        "linear": _grey("#D0D0D0"),
        "attention": _grey("#AAAAAA"),
        "embedding": _grey("#BDBDBD"),
        "reshape": _grey("#EDEDED"),
        "block": _grey("#FFFFFF"),
        "added": _grey("#B4B4B4", "#000000"),
        "altered": _grey("#DDDDDD", "#000000"),
        "removed": _grey("#FFFFFF", "#000000"),
        "unchanged": _grey("#F7F7F7", "#BBBBBB", "#595959"),
        "heat1": _grey("#FFFFFF"),
        "heat2": _grey("#E6E6E6"),
        "heat3": _grey("#C9C9C9"),
        "heat4": _grey("#9E9E9E"),
        "heat5": _grey("#3C3C3C", "#000000", "#FFFFFF"),
    },
    ground="#FFFFFF",
    title="#000000",
    muted="#333333",
    line="#555555",
    skip="#000000",
    panel="#FAFAFA",
    panel_line="#AAAAAA",
)

PALETTES: Final[Mapping[PaletteName, Palette]] = {"paper": PAPER, "dark": DARK, "print": PRINT}


def own_paints(theme: Theme, style: PaletteName) -> tuple[tuple[str, Paint], ...]:
    """By name, the paints of a theme in a style: in print greys, as all is."""
    palette = PALETTES[style]
    return tuple((theme.paint(key), _own(colour, palette)) for key, colour in theme.colours.items())


def _own(colour: Colour, palette: Palette) -> Paint:
    if colour.fill in palette.paints:
        return palette.paints[colour.fill]
    fill, border, text = (greyed(each) if palette is PRINT and each else each for each in colour)
    border = border or border_of(fill)
    return Paint(fill, border, text or text_on(fill), under_white(border))
