"""The colours of figures, by kind of op."""

from __future__ import annotations

from typing import Final, NamedTuple

from archdsl.ops.base import Kind


class Paint(NamedTuple):
    """Colours of a box: `pill` is the border's colour, dark enough for white text."""

    fill: str
    border: str
    text: str
    pill: str


CHANGES: Final[dict[str, Paint]] = {
    "added": Paint("#9CC7EE", "#1B5E9B", "#08304F", "#1B5E9B"),
    "altered": Paint("#FFF0CC", "#B26A00", "#5A3400", "#9A5B00"),
    "removed": Paint("#FFFFFF", "#8E2F6B", "#6B1F4F", "#8E2F6B"),
    "unchanged": Paint("#F7F8F9", "#C3C9D1", "#667080", "#767E89"),
}
"""What became of a part of the network: apart in grey print too, and for colour-blind readers."""
SIGNS: Final = {"added": "+", "altered": "~", "removed": "\N{MINUS SIGN}"}
"""What is written before what changed."""

PAINTS: Final[dict[str, Paint]] = {
    "conv": Paint("#DCE9FB", "#4A7FC1", "#12325B", "#3C6FAE"),
    "norm": Paint("#FFF4CC", "#C9A227", "#5C4700", "#8A6D0B"),
    "activation": Paint("#FBE1DD", "#C96A5B", "#6B1F13", "#A94B3C"),
    "pool": Paint("#DDF1E1", "#4E9A63", "#174B27", "#377A4A"),
    "linear": Paint("#E8E0F6", "#7E62B8", "#38216B", "#7557B0"),
    "attention": Paint("#FFE6CC", "#D2832B", "#6A3A05", "#A35F14"),
    "embedding": Paint("#D8F1F0", "#3A9A97", "#0F4A48", "#257B78"),
    "reshape": Paint("#EEF0F2", "#8A929C", "#374151", "#656D77"),
    "block": Paint("#F1F5FA", "#5B6B7F", "#1F2937", "#5B6B7F"),
    **CHANGES,
}

MUTED: Final = "#5F6875"
TITLE: Final = "#111827"
LINE: Final = "#4B5563"
SKIP: Final = "#B45309"
PANEL: Final = "#F8FAFC"
PANEL_LINE: Final = "#CBD5E1"


def paint_of(kind: Kind | None) -> str:
    """The name of a box's paint, which is also its class in the SVG; None is a block."""
    return "block" if kind is None else kind.value
