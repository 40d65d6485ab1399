"""The tree of an expression: what the parser makes, evaluation and the compiler read.

Nodes are compared by what they say, not by where they stand. `true`, `false`, `null`, `pi` and `inf`
are literals, and a sign before a number is part of the number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias, final


class CallText(NamedTuple):
    """A call as it is written: `torch.cat([a, b], dim=1)`; what a method is of comes first of what is given."""

    function: str
    given: tuple[str, ...]
    named: tuple[tuple[str, str], ...] = ()


class ExpressionError(Exception):
    """An expression that cannot be read or has no value.

    `start` and `end` are offsets into the expression's text; `message` is lower case without a final dot; `code` is
    the diagnostic's. `call` is a call of something that is no function, `tree` the part that has no value, `unknown`
    a name that means nothing.
    """

    call: CallText | None = None
    tree: Tree | None = None
    unknown: str | None = None

    def __init__(
        self, message: str, start: int = 0, end: int = 0, hint: str | None = None, code: str = "bad-expression"
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.hint = hint


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
        self.start = start
        self.end = end

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Literal):
            return False
        # 1, 1.0 and True are equal in Python and three things in a spec
        return type(self.value) is type(other.value) and bool(self.value == other.value)

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
        self.start = start
        self.end = end


@final
class Unary(_Node):
    """`-`, `+` or `not`."""

    __slots__ = ("operand", "sign")

    def __init__(self, sign: str, operand: Tree, *, start: int = 0, end: int = 0) -> None:
        self.sign = sign
        self.operand = operand
        self.start = start
        self.end = end


@final
class Binary(_Node):
    """`+ - * / // % **`"""

    __slots__ = ("left", "right", "sign")

    def __init__(self, sign: str, left: Tree, right: Tree, *, start: int = 0, end: int = 0) -> None:
        self.sign = sign
        self.left = left
        self.right = right
        self.start = start
        self.end = end


@final
class Compare(_Node):
    """A chain: `0 < x <= 3`. Signs also are `in`, `not in`, `is`, `is not`."""

    __slots__ = ("first", "rest")

    def __init__(self, first: Tree, rest: tuple[tuple[str, Tree], ...], *, start: int = 0, end: int = 0) -> None:
        self.first = first
        self.rest = rest
        self.start = start
        self.end = end


@final
class Logic(_Node):
    """`and` or `or` of two parts or more."""

    __slots__ = ("parts", "word")

    def __init__(self, word: str, parts: tuple[Tree, ...], *, start: int = 0, end: int = 0) -> None:
        self.word = word
        self.parts = parts
        self.start = start
        self.end = end


@final
class Choice(_Node):
    """`then if condition else otherwise`"""

    __slots__ = ("condition", "otherwise", "then")

    def __init__(self, condition: Tree, then: Tree, otherwise: Tree, *, start: int = 0, end: int = 0) -> None:
        self.condition = condition
        self.then = then
        self.otherwise = otherwise
        self.start = start
        self.end = end


@final
class Call(_Node):
    """A function's call. `clamp` always has three arguments, None for a bound that is not given."""

    __slots__ = ("arguments", "function")

    def __init__(self, function: str, arguments: tuple[Tree, ...], *, start: int = 0, end: int = 0) -> None:
        self.function = function
        self.arguments = arguments
        self.start = start
        self.end = end


@final
class Attribute(_Node):
    """A column of a table's row, or a tensor's `shape`."""

    __slots__ = ("name", "value")

    def __init__(self, value: Tree, name: str, *, start: int = 0, end: int = 0) -> None:
        self.value = value
        self.name = name
        self.start = start
        self.end = end


@final
class Item(_Node):
    """`value[index]`"""

    __slots__ = ("index", "value")

    def __init__(self, value: Tree, index: Tree, *, start: int = 0, end: int = 0) -> None:
        self.value = value
        self.index = index
        self.start = start
        self.end = end


@final
class Slice(_Node):
    """`value[start:stop:step]`; the bounds are called `lower` and `upper` here."""

    __slots__ = ("lower", "step", "upper", "value")

    def __init__(
        self, value: Tree, lower: Tree | None, upper: Tree | None, step: Tree | None, *, start: int = 0, end: int = 0
    ) -> None:
        self.value = value
        self.lower = lower
        self.upper = upper
        self.step = step
        self.start = start
        self.end = end


@final
class Sequence(_Node):
    """`[a, b]` or `(a, b)`; `kind` is `list` or `tuple`."""

    __slots__ = ("items", "kind")

    def __init__(self, items: tuple[Tree, ...], kind: str, *, start: int = 0, end: int = 0) -> None:
        self.items = items
        self.kind = kind
        self.start = start
        self.end = end


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
        self.start = start
        self.end = end


Tree: TypeAlias = (
    Literal
    | Name
    | Unary
    | Binary
    | Compare
    | Logic
    | Choice
    | Call
    | Attribute
    | Item
    | Slice
    | Sequence
    | Comprehension
)


def rebuild(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The same node over changed children; a leaf is returned as it is."""
    made = _REBUILT.get(type(tree))
    return tree if made is None else made(tree, change, {"start": tree.start, "end": tree.end})


def children(tree: Tree) -> list[Tree]:
    """The nodes right below, in the order in which they are written."""
    found: list[Tree] = []

    def note(child: Tree) -> Tree:
        found.append(child)
        return child

    rebuild(tree, note)
    return found


Change: TypeAlias = Callable[[Tree], Tree]
Place: TypeAlias = dict[str, int]


def _rebuild_compare(tree: Compare, change: Change, at: Place) -> Tree:
    return Compare(change(tree.first), tuple((sign, change(part)) for sign, part in tree.rest), **at)


def _rebuild_choice(tree: Choice, change: Change, at: Place) -> Tree:
    then, condition = change(tree.then), change(tree.condition)
    return Choice(condition, then, change(tree.otherwise), **at)


def _rebuild_slice(tree: Slice, change: Change, at: Place) -> Tree:
    value = change(tree.value)
    lower, upper, step = (b and change(b) for b in (tree.lower, tree.upper, tree.step))
    return Slice(value, lower, upper, step, **at)


def _rebuild_comprehension(tree: Comprehension, change: Change, at: Place) -> Tree:
    element = change(tree.element)
    loops = [Loop(targets, change(i), tuple(map(change, ifs))) for targets, i, ifs in tree.loops]
    return Comprehension(element, tuple(loops), **at)


_REBUILT: Final[dict[type[Any], Callable[[Any, Change, Any], Tree]]] = {
    Unary: lambda t, change, at: Unary(t.sign, change(t.operand), **at),
    Binary: lambda t, change, at: Binary(t.sign, change(t.left), change(t.right), **at),
    Compare: _rebuild_compare,
    Logic: lambda t, change, at: Logic(t.word, tuple(map(change, t.parts)), **at),
    Choice: _rebuild_choice,
    Call: lambda t, change, at: Call(t.function, tuple(map(change, t.arguments)), **at),
    Attribute: lambda t, change, at: Attribute(change(t.value), t.name, **at),
    Item: lambda t, change, at: Item(change(t.value), change(t.index), **at),
    Slice: _rebuild_slice,
    Sequence: lambda t, change, at: Sequence(tuple(map(change, t.items)), t.kind, **at),
    Comprehension: _rebuild_comprehension,
}


def walk(tree: Tree) -> Iterator[Tree]:
    """The node and everything below it, in the order in which it is written."""
    yield tree
    for child in children(tree):
        yield from walk(child)


def target_names(targets: tuple[Target, ...]) -> frozenset[str]:
    """The names that a loop binds."""
    flat = [t if isinstance(t, tuple) else (t,) for t in targets]
    return frozenset(name for part in flat for t in part for name in ((t,) if isinstance(t, str) else target_names(t)))


def free_names(tree: Tree) -> frozenset[str]:
    """The names that the tree reads from outside; what its comprehensions bind is not among them."""
    if isinstance(tree, Name):
        return frozenset({tree.name})
    if isinstance(tree, Comprehension):
        return _free_in_comprehension(tree)
    return frozenset().union(*map(free_names, children(tree)))


def _free_in_comprehension(tree: Comprehension) -> frozenset[str]:
    free: frozenset[str] = frozenset()
    bound: frozenset[str] = frozenset()
    for targets, iterable, conditions in tree.loops:
        free |= free_names(iterable) - bound
        bound |= target_names(targets)
        for condition in conditions:
            free |= free_names(condition) - bound
    return free | (free_names(tree.element) - bound)


def substitute(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    """The tree with free names replaced; a name that `values` lacks stays.

    What is put in must not itself hold names that a comprehension of the tree binds.
    """
    if isinstance(tree, Name):
        return values.get(tree.name, tree)
    if not isinstance(tree, Comprehension):
        return rebuild(tree, lambda child: substitute(child, values))
    loops = []
    for targets, iterable, conditions in tree.loops:
        changed = substitute(iterable, values)
        values = {name: value for name, value in values.items() if name not in target_names(targets)}
        loops.append(Loop(targets, changed, tuple(substitute(c, values) for c in conditions)))
    return Comprehension(substitute(tree.element, values), tuple(loops), start=tree.start, end=tree.end)


def literal_of(value: Any) -> Tree:
    """The tree that evaluates to `value`."""
    if isinstance(value, list | tuple):
        return Sequence(tuple(map(literal_of, value)), "list" if isinstance(value, list) else "tuple")
    return Literal(value)
