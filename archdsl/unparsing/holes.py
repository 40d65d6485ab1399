"""Values that instances of one block have at one place: one for all, or a hole that the block's parameters fill."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, final

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree, literal_of
from archdsl.expressions.walking import children, rebuild, walk
from archdsl.shapes import Symbolic
from archdsl.text.alike import same


@dataclass(slots=True, eq=False)
class BlockHole:
    """A place where the instances of a block differ."""

    number: int
    values: list[Any]
    """By instance; `ABSENT` where the node is not there."""
    hint: tuple[str, str]
    """The node and the key that it stands at: what a parameter for it would be called."""
    text: bool = False
    """It stands in text, not in an expression."""

    @property
    def name(self) -> str:
        """How it stands in a tree."""
        return f"\0{self.number}"


@final
class NotThere:
    """The value of a field where its node is not there: any would do."""


ABSENT = NotThere()


@dataclass(slots=True)
class Holes:
    """The holes of one block's body, while it is written."""

    block: bool
    """Whether it is a block, which does not see the names of the network's sizes."""
    found: list[BlockHole] = field(default_factory=list)

    def leaf(self, values: Sequence[Any], hint: tuple[str, str]) -> Tree | str:
        """An expression, or text, that is each instance's value. Raises Unalike."""
        there = [value for value in values if value is not ABSENT]
        first = there[0]
        if isinstance(first, str):
            if all(value == first for value in there):
                return first
            return self._hole(values, hint, text=True)
        if isinstance(first, Tree):
            return self._tree(values, hint)
        if isinstance(first, tuple):
            return trees.Sequence(tuple(self._parts(values, len(first), hint)), "list")
        if all(same(value, first) for value in there) and not (self.block and isinstance(first, Symbolic)):
            return literal_of(first)
        return self._hole(values, hint)

    def _parts(self, values: Sequence[Any], length: int, hint: tuple[str, str]) -> list[Tree]:
        parts = []
        for place in range(length):
            part = self.leaf([value if value is ABSENT else value[place] for value in values], hint)
            parts.append(trees.Name(part) if isinstance(part, str) else part)
        return parts

    def _tree(self, values: Sequence[Any], hint: tuple[str, str]) -> Tree:
        """Formulas that differ in numbers alone."""
        first = next(value for value in values if value is not ABSENT)
        if isinstance(first, trees.Literal):
            made = self.leaf([value if value is ABSENT else value.value for value in values], hint)
            return trees.Literal(made) if isinstance(made, str) else made
        below = iter(
            [
                self._tree([value if value is ABSENT else children(value)[place] for value in values], hint)
                for place in range(len(children(first)))
            ]
        )
        return rebuild(first, lambda child: next(below))

    def _hole(self, values: Sequence[Any], hint: tuple[str, str], text: bool = False) -> Tree | str:
        hole = BlockHole(len(self.found), [*values], hint, text)
        self.found.append(hole)
        return hole.name if text else trees.Name(hole.name)


def has_sizes(tree: Tree) -> bool:
    """Whether a size that only the run knows stands in an expression."""
    return any(isinstance(part, trees.Literal) and isinstance(part.value, Symbolic) for part in walk(tree))
