"""The sizes that a forward gives to those of the classes that it uses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, final

from archdsl.expressions import Expression
from archdsl.expressions.tree import Name
from archdsl.ir.graph import Scope
from archdsl.shapes import Dim
from archdsl_torch.lowering.tree import NONE, Code, Keywords
from archdsl_torch.planning.merge import MergedStep
from archdsl_torch.writing.hints import Hint, caller_env, field_hint
from archdsl_torch.writing.passing import Passed
from archdsl_torch.writing.sizes import is_of_arguments
from archdsl_torch.writing.values import Values

SizesGiven: TypeAlias = "Sequence[tuple[Passed, Dim | None]]"
"""The sizes that a scope is given, each with its value there; None where nothing reads it."""

SizesOf: TypeAlias = "Callable[[Scope], SizesGiven]"


@final
class InnerSizes:
    """Says the sizes that the steps of one forward are given."""

    def __init__(self, sizes_of: SizesOf, values: Values) -> None:
        self.sizes_of = sizes_of
        self.values = values
        self._words: dict[object, Code] = {}
        """Words over sizes of arguments, which are right wherever they stand."""

    def of(self, step: MergedStep) -> list[SizesGiven]:
        """Those of the step in each instance that has it."""
        unit = step.some.unit
        if not isinstance(unit, Scope) or not self.sizes_of(unit):
            return []
        return [self.sizes_of(scope) for scope in _scopes(step)]

    def arguments(self, step: MergedStep) -> tuple[tuple[Code, ...], Keywords]:
        """What follows the tensors where the step is called."""
        given = self.of(step)
        args: list[Code] = []
        named: list[tuple[str, Code]] = []
        for place, (size, _) in enumerate(given[0] if given else ()):
            code = self._said(step, size, [own[place][1] for own in given])
            if size.keyword:
                named.append((size.label, code))
            else:
                args.append(code)
        return tuple(args), tuple(named)

    def _said(self, step: MergedStep, size: Passed, values: Sequence[Dim | None]) -> Code:
        if all(value is None for value in values):
            return NONE
        key = size.size, (*values,), step.where
        found = self._words.get(key)
        if found is None:
            known = [1 if value is None else value for value in values]  # any will do where nothing reads it
            found = self.values.number(step, known, size.size.name, _hint(_scopes(step), size.size.name))
            if is_of_arguments(found):
                self._words[key] = found
        return found


def _hint(scopes: Sequence[Scope], name: str) -> Hint:
    """What the spec gives for the name where the scopes are used; else the name itself."""
    envs = tuple(map(caller_env, scopes))
    return field_hint(scopes, name, envs) or Hint(Expression(name, Name(name)), envs)


def _scopes(step: MergedStep) -> list[Scope]:
    return [own.unit for own in step.steps if own is not None and isinstance(own.unit, Scope)]
