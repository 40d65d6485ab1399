"""What a figure is asked to show, and how it is to look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Direction: TypeAlias = Literal["TB", "LR"]
StyleName: TypeAlias = Literal["paper", "dark", "print"]
ColourBy: TypeAlias = Literal["op", "parameters", "macs", "memory", "dtype"]

DIRECTIONS: Final = ("TB", "LR")
STYLES: Final = ("paper", "dark", "print")
COLOURS: Final = ("op", "parameters", "macs", "memory", "dtype")


@dataclass(frozen=True)
class View:
    """The options of `archdsl draw`."""

    depth: int | None = None
    """1 is the overview alone; each level more opens one level of blocks in place. None: the overview
    with a detail panel for each distinct block beside it."""
    expand: tuple[str, ...] = ()
    """Paths of blocks that are opened in place."""
    collapse: tuple[str, ...] = ()
    """Paths of blocks that stay closed: as cards, without a panel."""
    only: str | None = None
    """The path of the one block that is drawn; None: the network."""
    direction: Direction = "TB"
    """Which way the overview runs: down, or to the right."""
    style: StyleName = "paper"
    counts: bool = True
    """Whether parameters and MACs are said."""
    batch: bool = False
    """Whether shapes begin with the batch."""
    title: str | None = None
    """Instead of the network's name; empty for no title at all."""
    width: str = ""
    """What it is set for: a length as `3.3in`, or a page as `A4` or `16:9`. Empty: as wide as it is."""
    colour_by: ColourBy = "op"
    """What colours stand for: kinds of op, shares of parameters, of MACs or of bytes of outputs, or dtypes."""
    legend: bool = False
    """Whether the kinds of op that have colours are said; other colours always are."""
    dpi: int | None = None
    """Of a PNG; None: 150, or as many as the largest picture allows."""
