"""Sizes that a forward is given as numbers: a network around knows them, and no tensor in the class has them.

A person writes `def forward(self, x, below)`, and `self.layer(x, h % 2)` where the layer is used. What the spec calls
by a name is passed, unless the class defines it by other names, which are passed then; where no name says the size,
the size itself. Whoever uses the class says the sizes in words of its own, or is given them in turn: the network can
say them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple, final

from archdsl.ir.graph import Binding
from archdsl.shapes import Dim, Symbolic
from archdsl_torch.lowering.spelling import identifier, variable
from archdsl_torch.lowering.text import TakenNames
from archdsl_torch.lowering.tree import Code, PassedSize
from archdsl_torch.lowering.walking import rebuilt
from archdsl_torch.writing.arguments import Arguments
from archdsl_torch.writing.hints import Hint
from archdsl_torch.writing.sizes import SizesInScope


class Passed(NamedTuple):
    """An argument of a class's forward that is a size."""

    size: PassedSize
    label: str
    """What the argument is called."""
    values: tuple[Dim | None, ...]
    """In every instance; None where nothing reads it."""
    keyword: bool
    """It is given by its name, since arguments stand before it that may be left out."""


@final
class PassedSizes:
    """The sizes that the forward of one class is given."""

    def __init__(self, arguments: Arguments, sizes: SizesInScope) -> None:
        self.arguments = arguments
        self.scopes = arguments.scopes
        self.sizes = sizes
        self.values: dict[PassedSize, tuple[Dim | None, ...]] = {}
        self._wanted: dict[PassedSize, tuple[Dim | None, ...]] = {}
        """What the expression asked for that is being said."""

    def say(self, values: Sequence[Dim], where: Sequence[int], hint: Hint | None, name: str) -> Code:
        """Words for sizes that nothing in scope tells, over what is passed from now on; `name` is the field's."""
        self._wanted = {}
        found = self.sizes.hinted(values, where, hint, self)
        if found is None:
            self._wanted = {}
            found = self.named(self._name_of(values, where) or name, values, where)
        stored: dict[PassedSize, Code] = {}
        for size, column in self._wanted.items():
            if all(type(column[i]) is int for i in where):
                stored[size] = self._stored(size.name, [column[i] for i in where], where)
            else:
                self.values[size] = column
                self.sizes.note(size, [None if value is None else (value,) for value in column])
        return _replaced(found, stored)

    def _stored(self, name: str, values: Sequence[Dim | None], where: Sequence[int]) -> Code:
        """An attribute of the module, since no run changes the numbers."""
        return self.arguments.stored(identifier(name), self.arguments.resolve(values, where, name))

    def _name_of(self, values: Sequence[Dim], where: Sequence[int]) -> str | None:
        """What the spec calls these sizes in the class."""
        for name in [*self.scopes[0].env.keys()]:
            bindings = [self.scopes[i].env.find(name) for i in where]
            if all(b is not None and b.value == value for b, value in zip(bindings, values, strict=True)):
                return name
        return None

    def settled(self, codes: Iterable[Code], taken: Iterable[str], keyword: bool) -> tuple[Passed, ...]:
        """What these codes read of it, under names that are not taken: `h` for the dimension `H`.

        They stand in the order in which the spec names them, the block's parameters first.
        """
        if not self.values:
            return ()
        read = {code for code in codes if isinstance(code, PassedSize)}
        named = dict.fromkeys([*self.scopes[0].arguments, *self.scopes[0].env.keys()])
        rank = {name: place for place, name in enumerate(named)}
        sizes = sorted(filter(read.__contains__, self.values), key=lambda size: rank.get(size.name, len(rank)))
        names = TakenNames(taken)
        labels = [names.new(variable(size.name.lower() if size.name.isupper() else size.name)) for size in sizes]
        return tuple(Passed(size, label, self.values[size], keyword) for size, label in zip(sizes, labels, strict=True))

    # --- what an expression asks for ----------------------------------------------------------

    def is_outer(self, name: str, binding: Binding) -> bool:
        """Whether the name means the same around the class."""
        around = (scope.scope for scope in self.scopes if scope.scope is not None)
        return any(scope.env.find(name) is binding for scope in around)

    def named(self, name: str, values: Sequence[Dim], where: Sequence[int]) -> PassedSize:
        """An argument for what the spec calls so."""
        column = self._column(name, values, where)
        alike = [size for size in (*self.values, *self._wanted) if size.name == name]
        for size in alike:
            if self._wanted.get(size) == column:
                return size
        size = PassedSize(name, len(alike))
        self._wanted[size] = column
        return size

    def _column(self, name: str, values: Sequence[Dim], where: Sequence[int]) -> tuple[Dim | None, ...]:
        """The values in all instances, as far as they are known."""
        known = dict(zip(where, values, strict=True))
        bindings = [scope.env.find(name) for scope in self.scopes]
        own = [None if b is None or not _is_size(b.value) else b.value for b in bindings]
        agrees = all(own[i] == value for i, value in known.items())
        return tuple(own) if agrees else tuple([known.get(i) for i in range(len(own))])


def _replaced(code: Code, words: Mapping[PassedSize, Code]) -> Code:
    if isinstance(code, PassedSize):
        return words.get(code, code)
    return rebuilt(code, lambda part, _: _replaced(part, words)) if words else code


def _is_size(value: object) -> bool:
    return isinstance(value, int | Symbolic) and not isinstance(value, bool)
