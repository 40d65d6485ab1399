"""What the parts of a formula are made of: torch makes fractions of whole numbers in its default dtype, whatever the
network's is."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import final

from archdsl.expressions.tree import Binary, Call, Choice, Compare, Literal, Logic, Name, Tree, Unary
from archdsl.ops.formula import FLOAT_FUNCTIONS
from archdsl.ops.rules import FLOATS
from archdsl.shapes import TensorType


class Making(IntEnum):
    """How torch comes to the dtype of a part; of several parts together, mostly the greatest decides."""

    COUNT = 0
    """A whole number of Python's."""
    NUMBER = 1
    """A floating number of Python's."""
    WHOLE = 2
    """A tensor of whole numbers or bools."""
    CHOSEN = 3
    """A tensor of Python's numbers, in the default dtype; float32 holds them as they are."""
    FRACTION = 4
    """A tensor made of whole numbers, in the default dtype."""
    FLOAT = 5
    """A tensor made of floating ones, and of their dtype."""


@final
class Makings:
    """Of every part of a formula, whose names have these types or are numbers of Python's; any other is a floating
    tensor."""

    def __init__(self, types: Mapping[str, TensorType], numbers: frozenset[str]) -> None:
        self.types = types
        self.numbers = numbers
        self.known: dict[int, tuple[Tree, Making]] = {}
        """By identity, with the part itself: as long as it is there, no other has its identity."""

    def of(self, tree: Tree) -> Making:
        found = self.known.get(id(tree))
        if found is None:
            found = self.known[id(tree)] = tree, self._made(tree)
        return found[1]

    def greatest(self, trees: Iterable[Tree]) -> Making:
        return max(self.of(tree) for tree in trees if tree != Literal(None))

    def _made(self, tree: Tree) -> Making:
        match tree:
            case Literal(value=value):
                return Making.NUMBER if isinstance(value, float) else Making.COUNT
            case Name(name=name) if name in self.numbers:
                return Making.NUMBER
            case Name(name=name):
                given = self.types.get(name)
                return Making.FLOAT if given is None or given.dtype in FLOATS else Making.WHOLE
            case Compare() | Logic() | Unary(sign="not"):
                return Making.WHOLE
            case Unary(operand=operand):
                return self.of(operand)
            case Binary(sign=sign, left=left, right=right):
                return self._together((left, right), sign == "/")
            case Choice(then=then, otherwise=otherwise):
                return self._choice(then, otherwise)
            case Call(function=function, arguments=arguments):
                # the base of a logarithm and the digits of rounding change no dtype
                parts = arguments[:1] if function in ("log", "round") else arguments
                return self._together(parts, function in FLOAT_FUNCTIONS)
        raise AssertionError(f"no part of a formula: {tree!r}")

    def _together(self, parts: tuple[Tree, ...], divides: bool) -> Making:
        made = self.greatest(parts)
        if made in (Making.COUNT, Making.NUMBER):
            return Making.NUMBER if divides else made
        if made is Making.WHOLE:
            numbers = any(self.of(part) is Making.NUMBER for part in parts)
            return Making.FRACTION if divides or numbers else made
        return Making.FRACTION if made is Making.CHOSEN else made

    def _choice(self, *sides: Tree) -> Making:
        made = self.greatest(sides)
        if made is Making.COUNT:
            return Making.WHOLE
        if made is Making.WHOLE:
            return Making.FRACTION if any(self.of(side) is Making.NUMBER for side in sides) else made
        if made in (Making.NUMBER, Making.CHOSEN):
            short = all(self.of(side) is Making.CHOSEN or _is_short(side) for side in sides)
            return Making.CHOSEN if short else Making.FRACTION
        return made


def _is_short(tree: Tree) -> bool:
    """Whether it is a number that float32 holds as it is."""
    if isinstance(tree, Unary):
        return _is_short(tree.operand)
    if not isinstance(tree, Literal) or not isinstance(tree.value, int | float):
        return False
    try:
        return bool(struct.unpack("f", struct.pack("f", tree.value))[0] == tree.value)
    except OverflowError:
        return False
