"""What a figure that cannot be drawn raises."""

from __future__ import annotations

from typing import ClassVar

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError


class DrawingError(FaultError):
    """A figure that cannot be drawn; `hint` says what to do about it, where there is something."""

    kind: ClassVar[Code] = Code.CANNOT_DRAW

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(Fault(self.kind, message, hint))


class TooLargeError(DrawingError):
    """Layout took too long, or the picture would be larger than its format allows."""

    kind = Code.FIGURE_TOO_LARGE


class MissingError(DrawingError):
    """There is no Graphviz here."""

    kind = Code.NO_GRAPHVIZ
