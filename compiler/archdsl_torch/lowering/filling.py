"""Holes of a tree filled, in the same tree of several instances at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from archdsl_torch.lowering.tree import AddInto, Apply, Arg, Code, In, Like, Method, Self
from archdsl_torch.lowering.walking import parts, rebuilt


@final
@dataclass(frozen=True, slots=True)
class Filler:
    """What stands for the holes of one step's code."""

    inputs: Sequence[Code | None]
    value: Callable[[Sequence[Arg], str], Code]
    """Finds words for the instances' values of an argument of this name."""
    like: Callable[[str], Code]
    module: Code | None = None

    def fill(self, codes: Sequence[Code], name: str | None = None) -> Code:
        """One tree for all instances, whose own are alike."""
        match codes[0]:
            case In(index):
                return self._input(index)
            case Arg():
                return self.value([code for code in codes if isinstance(code, Arg)], name or "value")
            case Like(what):
                return self.like(what)
            case Self():
                assert self.module is not None
                return self.module
            case AddInto(target):
                return Method(self._input(target), "add_", (self._input(1 - target),))
            case first:
                columns = zip(*map(parts, codes), strict=True)
                filled = rebuilt(first, lambda _, key: self.fill(next(columns), key))
                return _called(filled) if isinstance(first, Method) and first.receiver == Self() else filled

    def _input(self, index: int) -> Code:
        found = self.inputs[index]
        assert found is not None
        return found


def _called(method: Code) -> Code:
    """A module's `__call__` as the call that it is."""
    assert isinstance(method, Method)
    return Apply(method.receiver, method.args, method.kwargs) if method.name == "__call__" else method
