"""What is wrong with a text that is to hold a graph."""

from __future__ import annotations

from typing import Any, Final, final

from archdsl.faults.code import Code
from archdsl.faults.fault import Fault, FaultError, Place
from archdsl.limits import MAX_MESSAGE
from archdsl.text.plain_text import visible
from archdsl.text.spelled import kind_of

_SHOWN: Final = 60
"""The letters of a value that a message quotes."""

_STEPS: Final = 12
"""The steps of a path that a message says; of a longer one the first and the last."""


@final
class GraphError(FaultError):
    """A text that holds no graph. `str()` says where: `nodes[3].op.conv2d.kernel_size: expected …, found …`."""

    def __init__(self, message: str, hint: str | None = None, code: Code = Code.BAD_VALUE) -> None:
        super().__init__(Fault(code, message[:MAX_MESSAGE], hint and hint[:MAX_MESSAGE], Place(())))

    def within(self, *steps: str | int) -> GraphError:
        """The same, of something inside of what these keys and numbers lead to."""
        self.place((*steps, *self.path))
        return self

    @property
    def path(self) -> tuple[str | int, ...]:
        """The keys and numbers that lead to what is wrong."""
        return self.fault.place.path or ()

    def __str__(self) -> str:
        steps = [*map(_step, self.path)]
        if len(steps) > _STEPS:
            steps[_STEPS - 2 : -2] = [" … "]
        where = "".join(steps).removeprefix(".")
        said = f"{where}: {self.message}" if where else self.message
        return visible(f"{said}; {self.hint}" if self.hint else said)


class NoValue:
    """What the text has in place of a value, and JSON or a graph does not have."""

    def __init__(self, words: str) -> None:
        self.words = words


def unexpected(wanted: str, data: Any, hint: str | None = None, code: Code = Code.WRONG_TYPE) -> GraphError:
    """That something else stands where `wanted` should."""
    return GraphError(f"expected {wanted}, found {found(data)}", hint, code)


def found(data: Any) -> str:
    """What stands there, in words."""
    if isinstance(data, NoValue):
        return data.words
    if isinstance(data, dict):
        return "an object"
    if isinstance(data, int) and not isinstance(data, bool) and abs(data) > 2**64:
        return "a number beyond 2 ** 64"
    words = "null" if data is None else kind_of(data)
    return words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…"


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    step = step if len(step) <= _SHOWN else f"{step[:_SHOWN]}…"
    return f".{step}" if step.isidentifier() else f'["{step}"]'
