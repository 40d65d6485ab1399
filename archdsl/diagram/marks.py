"""What a figure may say of a network's parts beyond what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archdsl.diagram.elements import Element
    from archdsl.diagram.figure import Figure
    from archdsl.diagram.links import Places
    from archdsl.graph import Node, Value


class Marks(ABC):
    """Marks of a graph's nodes: they keep what differs in its mark apart, and have the last word on the figure."""

    title: str
    """Of the figure, in place of the network's name."""

    @abstractmethod
    def of(self, node: Node) -> Hashable:
        """Copies of a block make one box only where their nodes have equal marks. None is no mark."""

    @abstractmethod
    def label(self, value: Value, text: str) -> str:
        """What a link that carries the value says; `text` is its shape."""

    @abstractmethod
    def finished(self, figure: Figure, places: Places) -> Figure:
        """The figure with what the marks say."""


def alike(marks: Marks | None, one: Sequence[Element], other: Sequence[Element]) -> bool:
    """Whether what two copies have in common is marked alike."""
    if marks is None:
        return True
    mine, theirs = _marks(marks, one), _marks(marks, other)
    return all(mine[place] == theirs[place] for place in mine.keys() & theirs.keys())


def _marks(marks: Marks, turn: Sequence[Element]) -> dict[tuple[int, str], Hashable]:
    from archdsl.diagram.repeats import relative_nodes

    return {
        (position, path): marks.of(node)
        for position, element in enumerate(turn)
        for path, node in relative_nodes(element)
    }
