"""Sizes that a forward is given as numbers: a network around knows them, and no tensor in the class has them.

A person writes `def forward(self, x, below)`, and `self.layer(x, h % 2)` where the layer is used. What is passed is what
the spec calls by a name and what is not made of other names in the class; where no name says the size, the size itself.
Whoever uses the class says the sizes in words of its own, or is given them in turn: the network can say them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, final

from archdsl.ir.graph import Binding, Scope
from archdsl.shapes import Dim, Symbolic
from archdsl_torch.lowering.spelling import variable
from archdsl_torch.lowering.text import TakenNames, all_same
from archdsl_torch.lowering.tree import Code, PassedSize
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

    def __init__(self, scopes: Sequence[Scope], sizes: SizesInScope) -> None:
        self.scopes = scopes
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
            plain = isinstance(values[0], Symbolic) and str(values[0]).isidentifier() and all_same(values)
            found = self.named(str(values[0]) if plain else name, values, where)
        for size, column in self._wanted.items():
            self.values[size] = column
            self.sizes.note(size, [None if value is None else (value,) for value in column])
        return found

    def settled(self, codes: Iterable[Code], taken: Iterable[str], keyword: bool) -> tuple[Passed, ...]:
        """What these codes read of it, under names that are not taken: `h` for the dimension `H`.

        The block's parameters come first, as it declares them.
        """
        read = {code for code in codes if isinstance(code, PassedSize)}
        declared = [*self.scopes[0].arguments]
        rank = {name: place for place, name in enumerate(declared)}
        sizes = sorted(filter(read.__contains__, self.values), key=lambda size: rank.get(size.name, len(declared)))
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


def _is_size(value: object) -> bool:
    return isinstance(value, int | Symbolic) and not isinstance(value, bool)
