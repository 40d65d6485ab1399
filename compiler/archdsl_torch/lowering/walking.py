"""What stands in a tree of code: its parts, its values, the names that it reads; and the tree over other parts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from archdsl_torch.lowering import tree
from archdsl_torch.lowering.tree import Arg, Code, Keywords


def parts(code: Code) -> tuple[Code, ...]:
    """The trees right below, from left to right."""
    return _PARTS[type(code)](code)


def _values(pairs: Keywords) -> tuple[Code, ...]:
    return tuple(value for _, value in pairs)


def _bounds(item: Code | tree.Range) -> tuple[Code, ...]:
    if not isinstance(item, tree.Range):
        return (item,)
    return tuple(bound for bound in (item.start, item.stop, item.step) if bound is not None)


_LEAVES: Final = (
    *(tree.In, Arg, tree.Like, tree.Self, tree.SizeOf, tree.PassedSize, tree.AddInto),
    *(tree.Fixed, tree.Global, tree.Variable),
)
_PARTS: Final[dict[type[Any], Callable[[Any], tuple[Code, ...]]]] = {
    **dict.fromkeys(_LEAVES, lambda _: ()),
    tree.Call: lambda c: (*c.args, *_values(c.kwargs)),
    tree.Apply: lambda c: (c.function, *c.args, *_values(c.kwargs)),
    tree.Method: lambda c: (c.receiver, *c.args, *_values(c.kwargs)),
    tree.Subscript: lambda c: (c.receiver, *(part for item in c.items for part in _bounds(item))),
    tree.Attribute: lambda c: (c.owner,),
    tree.Sized: lambda c: (c.value,),
    tree.Starred: lambda c: (c.value,),
    tree.Numbered: lambda c: (c.number,),
    tree.Prefix: lambda c: (c.operand,),
    tree.Many: lambda c: c.items,
    tree.Tuple: lambda c: c.items,
    tree.Mapping: lambda c: _values(c.pairs),
    tree.Infix: lambda c: (c.left, c.right),
    tree.Relation: lambda c: (c.first, *_values(c.rest)),
    tree.Conditional: lambda c: (c.test, c.then, c.otherwise),
    tree.Comprehension: lambda c: (
        c.element,
        *(part for loop in c.loops for part in (loop.iterable, *loop.conditions)),
    ),
    tree.Grid: lambda c: (*c.indices, c.value),
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


def _item(item: Code | tree.Range, change: CodeChange) -> Code | tree.Range:
    if not isinstance(item, tree.Range):
        return change(item, None)
    bounds = (None if bound is None else change(bound, None) for bound in (item.start, item.stop, item.step))
    return tree.Range(*bounds)


def _loop(loop: tree.Loop, change: CodeChange) -> tree.Loop:
    return tree.Loop(loop.targets, change(loop.iterable, None), _several(loop.conditions, change))


_REBUILT: Final[dict[type[Any], Callable[[Any, CodeChange], Code]]] = {
    **dict.fromkeys(_LEAVES, lambda c, _: c),
    tree.Call: lambda c, to: tree.Call(c.function, _several(c.args, to), _named(c.kwargs, to), c.breaking),
    tree.Apply: lambda c, to: tree.Apply(to(c.function, None), _several(c.args, to), _named(c.kwargs, to), c.breaking),
    tree.Method: lambda c, to: tree.Method(
        to(c.receiver, None), c.name, _several(c.args, to), _named(c.kwargs, to), c.breaking
    ),
    tree.Subscript: lambda c, to: tree.Subscript(to(c.receiver, None), tuple(_item(item, to) for item in c.items)),
    tree.Attribute: lambda c, to: tree.Attribute(to(c.owner, None), c.name),
    tree.Sized: lambda c, to: tree.Sized(c.name, to(c.value, None)),
    tree.Starred: lambda c, to: tree.Starred(to(c.value, None)),
    tree.Numbered: lambda c, to: tree.Numbered(c.head, to(c.number, None), c.tail),
    tree.Prefix: lambda c, to: tree.Prefix(c.sign, to(c.operand, None)),
    tree.Many: lambda c, to: tree.Many(_several(c.items, to)),
    tree.Tuple: lambda c, to: tree.Tuple(_several(c.items, to)),
    tree.Mapping: lambda c, to: tree.Mapping(_named(c.pairs, to)),
    tree.Infix: lambda c, to: tree.Infix(c.sign, to(c.left, None), to(c.right, None)),
    tree.Relation: lambda c, to: tree.Relation(to(c.first, None), _sides(c.rest, to)),
    tree.Conditional: lambda c, to: tree.Conditional(to(c.test, None), to(c.then, None), to(c.otherwise, None)),
    tree.Comprehension: lambda c, to: tree.Comprehension(
        to(c.element, None), tuple(_loop(loop, to) for loop in c.loops), c.bare
    ),
    tree.Grid: lambda c, to: tree.Grid(c.names, _several(c.indices, to), to(c.value, None)),
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
    return sum(part == tree.In(index) or isinstance(part, tree.AddInto) for part in walk(code))


def variables(code: Code) -> Iterator[str]:
    """The names of the method around that the code reads."""
    for part in walk(code):
        if isinstance(part, tree.Variable):
            yield part.name
        elif isinstance(part, tree.SizeOf):
            yield part.argument


def global_names(code: Code) -> Iterator[str]:
    """The names of the file that the code reads: `torch` of `torch.float64`."""
    for part in walk(code):
        if isinstance(part, tree.Call):
            yield part.function.partition(".")[0]
        elif isinstance(part, tree.Global):
            yield part.name.partition(".")[0]
        elif isinstance(part, tree.Fixed) and type(part.value) is not int:
            yield from _spelled(part.value)


def _spelled(value: Any) -> Iterator[str]:
    """What the literal of a value reads: Python spells some numbers by name."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _spelled(item)
    elif isinstance(value, float) and not math.isfinite(value):
        yield "math"
