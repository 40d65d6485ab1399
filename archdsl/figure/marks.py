"""What a figure may say of a network's parts beyond what they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from archdsl.figure.figure import Figure
    from archdsl.figure.links import Places
    from archdsl.ir.graph import Node, Value


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
