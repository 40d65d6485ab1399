"""What stands in a tree of code: its parts, its values, the names that it reads; and the tree over other parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from archdsl_torch.lowering.tree import (
    AddInto,
    Apply,
    Arg,
    Attribute,
    Call,
    Code,
    Comprehension,
    Conditional,
    Fixed,
    Global,
    Grid,
    In,
    Infix,
    Keywords,
    Like,
    Loop,
    Many,
    Mapping,
    Method,
    Numbered,
    Prefix,
    Range,
    Relation,
    Self,
    Sized,
    SizeOf,
    Starred,
    Subscript,
    Tuple,
    Variable,
)


def parts(code: Code) -> tuple[Code, ...]:
    """The trees right below, from left to right."""
    return _PARTS[type(code)](code)


def _values(pairs: Keywords) -> tuple[Code, ...]:
    return tuple(value for _, value in pairs)


def _bounds(item: Code | Range) -> tuple[Code, ...]:
    if not isinstance(item, Range):
        return (item,)
    return tuple(bound for bound in (item.start, item.stop, item.step) if bound is not None)


_LEAVES: Final = (In, Arg, Like, Self, SizeOf, AddInto, Fixed, Global, Variable)
_PARTS: Final[dict[type[Any], Callable[[Any], tuple[Code, ...]]]] = {
    **dict.fromkeys(_LEAVES, lambda _: ()),
    Call: lambda c: (*c.args, *_values(c.kwargs)),
    Apply: lambda c: (c.function, *c.args, *_values(c.kwargs)),
    Method: lambda c: (c.receiver, *c.args, *_values(c.kwargs)),
    Subscript: lambda c: (c.receiver, *(part for item in c.items for part in _bounds(item))),
    Attribute: lambda c: (c.owner,),
    Sized: lambda c: (c.value,),
    Starred: lambda c: (c.value,),
    Numbered: lambda c: (c.number,),
    Prefix: lambda c: (c.operand,),
    Many: lambda c: c.items,
    Tuple: lambda c: c.items,
    Mapping: lambda c: _values(c.pairs),
    Infix: lambda c: (c.left, c.right),
    Relation: lambda c: (c.first, *_values(c.rest)),
    Conditional: lambda c: (c.test, c.then, c.otherwise),
    Comprehension: lambda c: (c.element, *(part for loop in c.loops for part in (loop.iterable, *loop.conditions))),
    Grid: lambda c: (*c.indices, c.value),
}
"""By kind of code, since trees are walked again and again."""

CodeChange: TypeAlias = Callable[[Code, str | None], Code]


def rebuilt(code: Code, change: CodeChange) -> Code:
    """The tree with each part right below put through `change`, which is told the keyword that names it."""
    return _REBUILT[type(code)](code, change)


def _several(codes: Sequence[Code], change: CodeChange) -> tuple[Code, ...]:
    return tuple(change(code, None) for code in codes)


def _named(pairs: Keywords, change: CodeChange) -> Keywords:
    return tuple((name, change(value, name)) for name, value in pairs)


def _sides(pairs: Keywords, change: CodeChange) -> Keywords:
    return tuple((sign, change(side, None)) for sign, side in pairs)


def _item(item: Code | Range, change: CodeChange) -> Code | Range:
    if not isinstance(item, Range):
        return change(item, None)
    bounds = (None if bound is None else change(bound, None) for bound in (item.start, item.stop, item.step))
    return Range(*bounds)


def _loop(loop: Loop, change: CodeChange) -> Loop:
    return Loop(loop.targets, change(loop.iterable, None), _several(loop.conditions, change))


_REBUILT: Final[dict[type[Any], Callable[[Any, CodeChange], Code]]] = {
    **dict.fromkeys(_LEAVES, lambda c, _: c),
    Call: lambda c, to: Call(c.function, _several(c.args, to), _named(c.kwargs, to), c.breaking),
    Apply: lambda c, to: Apply(to(c.function, None), _several(c.args, to), _named(c.kwargs, to), c.breaking),
    Method: lambda c, to: Method(to(c.receiver, None), c.name, _several(c.args, to), _named(c.kwargs, to), c.breaking),
    Subscript: lambda c, to: Subscript(to(c.receiver, None), tuple(_item(item, to) for item in c.items)),
    Attribute: lambda c, to: Attribute(to(c.owner, None), c.name),
    Sized: lambda c, to: Sized(c.name, to(c.value, None)),
    Starred: lambda c, to: Starred(to(c.value, None)),
    Numbered: lambda c, to: Numbered(c.head, to(c.number, None), c.tail),
    Prefix: lambda c, to: Prefix(c.sign, to(c.operand, None)),
    Many: lambda c, to: Many(_several(c.items, to)),
    Tuple: lambda c, to: Tuple(_several(c.items, to)),
    Mapping: lambda c, to: Mapping(_named(c.pairs, to)),
    Infix: lambda c, to: Infix(c.sign, to(c.left, None), to(c.right, None)),
    Relation: lambda c, to: Relation(to(c.first, None), _sides(c.rest, to)),
    Conditional: lambda c, to: Conditional(to(c.test, None), to(c.then, None), to(c.otherwise, None)),
    Comprehension: lambda c, to: Comprehension(to(c.element, None), tuple(_loop(loop, to) for loop in c.loops), c.bare),
    Grid: lambda c, to: Grid(c.names, _several(c.indices, to), to(c.value, None)),
}


def walk(code: Code) -> Iterator[Code]:
    """The tree and every tree in it."""
    waiting = [code]
    while waiting:
        found = waiting.pop()
        yield found
        if below := _PARTS[type(found)](found):
            waiting += below[::-1]


def leaves(code: Code) -> list[Arg]:
    """The values in a tree."""
    return [part for part in walk(code) if isinstance(part, Arg)]


def uses(code: Code, index: int) -> int:
    """How often a tree names its input `index`."""
    return sum(part == In(index) or isinstance(part, AddInto) for part in walk(code))


def variables(code: Code) -> Iterator[str]:
    """The names of the method around that the code reads."""
    for part in walk(code):
        if isinstance(part, Variable):
            yield part.name
        elif isinstance(part, SizeOf):
            yield part.argument


def global_names(code: Code) -> Iterator[str]:
    """The names of the file that the code reads: `torch` of `torch.float64`."""
    for part in walk(code):
        if isinstance(part, Call):
            yield part.function.partition(".")[0]
        elif isinstance(part, Global):
            yield part.name.partition(".")[0]
        elif isinstance(part, Fixed):
            yield from _spelled(part.value)


def _spelled(value: Any) -> Iterator[str]:
    """What the literal of a value reads: Python spells some numbers by name."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _spelled(item)
    elif isinstance(value, float) and not math.isfinite(value):
        yield "math"
