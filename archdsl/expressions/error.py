"""What is wrong with an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, Place

if TYPE_CHECKING:
    from archdsl.expressions.tree import Tree


class CallText(NamedTuple):
    """A call as it is written: `torch.cat([a, b], dim=1)`; what a method is of comes first of what is given."""

    function: str
    given: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()


class ExpressionError(FaultError):
    """An expression that cannot be read or has no value.

    `start` and `end` are offsets into the expression's text. `call` is a call of something that is no function,
    `steps` the way to the text in the list or mapping that holds it, `others` are those of its other items, and
    `undecided` says that it asks for what only the run can decide.
    """

    call: CallText | None = None
    steps: tuple[str | int, ...] = ()
    others: tuple[ExpressionError, ...] = ()
    undecided: bool = False

    def __init__(
        self, message: str, start: int = 0, end: int = 0, hint: str | None = None, code: Code = Code.BAD_EXPRESSION,
        *, unknown: str | None = None, tree: Tree | None = None,
    ) -> None:  # fmt: skip
        super().__init__(Fault(code, message, hint, Place(offsets=(start, end)), (), unknown, tree))

    @property
    def start(self) -> int:
        return self._offsets[0]

    @property
    def end(self) -> int:
        return self._offsets[1]

    @property
    def _offsets(self) -> tuple[int, int]:
        return self.fault.place.offsets or (0, 0)
