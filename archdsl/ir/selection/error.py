"""What is wrong with outputs that were asked for."""

from __future__ import annotations

from typing import final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError


@final
class OutputsError(FaultError):
    """A path or a name that cannot be an output of a network. `str()` says which, why, and what to do."""

    def __init__(self, code: Code, message: str, hint: str | None = None) -> None:
        super().__init__(Fault(code, message, hint))

    def __str__(self) -> str:
        return self.message if self.hint is None else f"{self.message}; {self.hint}"
