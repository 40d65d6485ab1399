"""The tree of an expression: what the parser makes, evaluation and the compiler read.

Nodes are compared by what they say, not by where they stand. `true`, `false`, `null`, `pi` and `inf`
are literals, and a sign before a number is part of the number.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias, final

from archdsl.text.alike import same


class _Node:
    """What the nodes have in common. None is changed once it is made.

    Written by hand, since thirteen dataclasses cost every cold start 10 ms.
    """

    __slots__: tuple[str, ...] = ("end", "start")
    start: int
    end: int

    def _parts(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in type(self).__slots__)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._parts() == other._parts()

    def __hash__(self) -> int:
        return hash((type(self), *self._parts()))

    def __repr__(self) -> str:
        parts = zip(type(self).__slots__, self._parts(), strict=True)
        return f"{type(self).__name__}({', '.join(f'{name}={part!r}' for name, part in parts)})"


@final
class Literal(_Node):
    """A number, text, bool, None or a `Symbolic` dimension; in substituted trees also a table's row."""

    __slots__ = ("value",)

    def __init__(self, value: Any, *, start: int = 0, end: int = 0) -> None:
        self.value = value
        self.start, self.end = start, end

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Literal) and same(self.value, other.value)

    def __hash__(self) -> int:
        try:
            return hash((type(self.value), self.value))
        except TypeError:  # a row, or what else cannot be counted with: refused where it is used
            return hash(type(self.value))


@final
class Name(_Node):
    """A name, in formulas also a path (`layer1.0`)."""

    __slots__ = ("name",)

    def __init__(self, name: str, *, start: int = 0, end: int = 0) -> None:
        self.name = name
        self.start, self.end = start, end


@final
class Unary(_Node):
    """`-`, `+` or `not`."""

    __slots__ = ("operand", "sign")

    def __init__(self, sign: str, operand: Tree, *, start: int = 0, end: int = 0) -> None:
        self.sign = sign
        self.operand = operand
        self.start, self.end = start, end


@final
class Binary(_Node):
    """`+ - * / // % **`"""

    __slots__ = ("left", "right", "sign")

    def __init__(self, sign: str, left: Tree, right: Tree, *, start: int = 0, end: int = 0) -> None:
        self.sign = sign
        self.left, self.right = left, right
        self.start, self.end = start, end


@final
class Compare(_Node):
    """A chain: `0 < x <= 3`. Signs also are `in`, `not in`, `is`, `is not`."""

    __slots__ = ("first", "rest")

    def __init__(self, first: Tree, rest: tuple[tuple[str, Tree], ...], *, start: int = 0, end: int = 0) -> None:
        self.first = first
        self.rest = rest
        self.start, self.end = start, end


@final
class Logic(_Node):
    """`and` or `or` of two parts or more."""

    __slots__ = ("parts", "word")

    def __init__(self, word: str, parts: tuple[Tree, ...], *, start: int = 0, end: int = 0) -> None:
        self.word = word
        self.parts = parts
        self.start, self.end = start, end


@final
class Choice(_Node):
    """`then if condition else otherwise`"""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Tree, then: Tree, otherwise: Tree, *, start: int = 0, end: int = 0) -> None:
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
        self.start, self.end = start, end


@final
class Call(_Node):
    """A function's call. `clamp` always has three arguments, None for a bound that is not given."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: str, arguments: tuple[Tree, ...], *, start: int = 0, end: int = 0) -> None:
        self.function = function
        self.arguments = arguments
        self.start, self.end = start, end


@final
class Attribute(_Node):
    """A column of a table's row, or a tensor's `shape`."""

    __slots__ = ("name", "value")

    def __init__(self, value: Tree, name: str, *, start: int = 0, end: int = 0) -> None:
        self.value = value
        self.name = name
        self.start, self.end = start, end


@final
class Subscript(_Node):
    """`value[index]`"""

    __slots__ = ("index", "value")

    def __init__(self, value: Tree, index: Tree, *, start: int = 0, end: int = 0) -> None:
        self.value = value
        self.index = index
        self.start, self.end = start, end


@final
class Slice(_Node):
    """`value[start:stop:step]`; the bounds are called `lower` and `upper` here."""

    __slots__ = ("lower", "step", "upper", "value")

    def __init__(
        self, value: Tree, lower: Tree | None, upper: Tree | None, step: Tree | None, *, start: int = 0, end: int = 0
    ) -> None:
        self.value = value
        self.lower, self.upper, self.step = lower, upper, step
        self.start, self.end = start, end


@final
class Sequence(_Node):
    """`[a, b]` or `(a, b)`; `kind` is `list` or `tuple`."""

    __slots__ = ("items", "kind")

    def __init__(self, items: tuple[Tree, ...], kind: str, *, start: int = 0, end: int = 0) -> None:
        self.items = items
        self.kind = kind
        self.start, self.end = start, end


Target: TypeAlias = "str | tuple[Target, ...]"


class Loop(NamedTuple):
    """`for targets in iterable if conditions`; one target takes the element, several unpack it."""

    targets: tuple[Target, ...]
    iterable: Tree
    conditions: tuple[Tree, ...]


@final
class Comprehension(_Node):
    """`[element for … in …]`, also a generator as a function's only argument."""

    __slots__ = ("element", "loops")

    def __init__(self, element: Tree, loops: tuple[Loop, ...], *, start: int = 0, end: int = 0) -> None:
        self.element = element
        self.loops = loops
        self.start, self.end = start, end


Tree: TypeAlias = (
    Literal | Name | Unary | Binary | Compare | Logic | Choice
    | Call | Attribute | Subscript | Slice | Sequence | Comprehension
)  # fmt: skip


def literal_of(value: Any) -> Tree:
    """The tree that evaluates to `value`."""
    if isinstance(value, list | tuple):
        return Sequence(tuple(map(literal_of, value)), "list" if isinstance(value, list) else "tuple")
    return Literal(value)
