"""What a figure is asked to show, and how it is to look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypedDict

if TYPE_CHECKING:
    from typing_extensions import Self

from archdsl.figure.theme import PLAIN, Theme

Direction: TypeAlias = Literal["TB", "LR"]
PaletteName: TypeAlias = Literal["paper", "dark", "print"]
StyleName: TypeAlias = Literal["paper", "dark", "print", "volumes"]
ColourBy: TypeAlias = Literal["op", "parameters", "macs", "memory", "dtype"]

DIRECTIONS: Final = ("TB", "LR")
STYLES: Final = ("paper", "dark", "print", "volumes")
COLOURS: Final = ("op", "parameters", "macs", "memory", "dtype")


class ViewOptions(TypedDict, total=False):
    """The options of a figure as Python is given them; `View` says what each is."""

    depth: int | None
    expand: str | Sequence[str]
    collapse: str | Sequence[str]
    only: str | None
    direction: Direction
    style: StyleName
    counts: bool
    batch: bool
    title: str | None
    width: str
    colour_by: ColourBy
    legend: bool
    dpi: int | None
    all_ops: bool
    fuse: bool | None
    theme: str | os.PathLike[str] | None


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
    """The colours; `volumes` are other figures, in those for paper: solids as large as what flows."""
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
    terraced: bool = True
    """Whether an overview that runs down and opens nothing stands at levels where the network has them: as a U."""
    dpi: int | None = None
    """Of a PNG; None: 150, or as many as the largest picture allows."""
    all_ops: bool = False
    """Whether ops that only carry, as a reshape for attention's heads, are drawn."""
    theme: Theme = PLAIN
    """How it is presented, where that is not the usual way."""

    fuse: bool | None = None
    """Whether an opened block shows a layer, the norm and the activation behind it as one; None: where it is dense."""

    @classmethod
    def asked(cls, *, expand: str | Sequence[str] = (), collapse: str | Sequence[str] = (), **options: Any) -> Self:
        """The view that these `ViewOptions` ask for: one path alone may be given without a list."""
        return cls(expand=_paths(expand), collapse=_paths(collapse), **options)

    @property
    def palette(self) -> PaletteName:
        """The name of the colours."""
        return "paper" if self.style == "volumes" else self.style


USUAL: Final = View()
"""The view of who asks for nothing."""


def _paths(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)
