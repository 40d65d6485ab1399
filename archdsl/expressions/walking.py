"""What stands in a tree: its parts and the names that it reads; and the tree over other parts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree


def children(tree: Tree) -> tuple[Tree, ...]:
    """The nodes right below, in the order in which they are written."""
    below = _BELOW.get(type(tree))
    return () if below is None else below(tree)


_BELOW: Final[dict[type[Any], Callable[[Any], tuple[Tree, ...]]]] = {
    trees.Unary: lambda t: (t.operand,),
    trees.Binary: lambda t: (t.left, t.right),
    trees.Compare: lambda t: (t.first, *(part for _, part in t.rest)),
    trees.Logic: lambda t: t.parts,
    trees.Choice: lambda t: (t.then, t.condition, t.otherwise),
    trees.Call: lambda t: t.arguments,
    trees.Attribute: lambda t: (t.value,),
    trees.Subscript: lambda t: (t.value, t.index),
    trees.Slice: lambda t: (t.value, *(bound for bound in (t.lower, t.upper, t.step) if bound is not None)),
    trees.Sequence: lambda t: t.items,
    trees.Comprehension: lambda t: (
        t.element,
        *(part for loop in t.loops for part in (loop.iterable, *loop.conditions)),
    ),
}


def walk(tree: Tree) -> Iterator[Tree]:
    """The node and everything below it, in the order in which it is written."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(children(node)))


def free_names(tree: Tree) -> frozenset[str]:
    """The names that the tree reads from outside; what its comprehensions bind is not among them."""
    return frozenset(_free(tree))


def reads(tree: Tree, names: frozenset[str]) -> bool:
    """Whether the tree reads one of these names from outside."""
    return not names.isdisjoint(_free(tree))


def _free(tree: Tree) -> Iterator[str]:
    """The names that stand in the tree and are not bound there."""
    waiting: list[tuple[Tree, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        part, bound = waiting.pop()
        if isinstance(part, trees.Name):
            if part.name not in bound:
                yield part.name
        elif isinstance(part, trees.Comprehension):
            for targets, iterable, conditions in part.loops:
                waiting.append((iterable, bound))
                bound |= target_names(targets)
                waiting += [(condition, bound) for condition in conditions]
            waiting.append((part.element, bound))
        else:
            waiting += [(child, bound) for child in children(part)]


def target_names(targets: tuple[trees.Target, ...]) -> frozenset[str]:
    """The names that a loop binds."""
    flat = [t if isinstance(t, tuple) else (t,) for t in targets]
    return frozenset(name for part in flat for t in part for name in ((t,) if isinstance(t, str) else target_names(t)))


def rebuild(tree: Tree, change: Callable[[Tree], Tree]) -> Tree:
    """The same node over changed children; a leaf is returned as it is."""
    made = _REBUILT.get(type(tree))
    return tree if made is None else made(tree, change, {"start": tree.start, "end": tree.end})


TreeChange: TypeAlias = Callable[[Tree], Tree]
Offsets: TypeAlias = dict[str, int]


def _rebuild_compare(tree: trees.Compare, change: TreeChange, at: Offsets) -> Tree:
    return trees.Compare(change(tree.first), tuple((sign, change(part)) for sign, part in tree.rest), **at)


def _rebuild_choice(tree: trees.Choice, change: TreeChange, at: Offsets) -> Tree:
    then, condition = change(tree.then), change(tree.condition)
    return trees.Choice(condition, then, change(tree.otherwise), **at)


def _rebuild_slice(tree: trees.Slice, change: TreeChange, at: Offsets) -> Tree:
    value = change(tree.value)
    lower, upper, step = (b and change(b) for b in (tree.lower, tree.upper, tree.step))
    return trees.Slice(value, lower, upper, step, **at)


def _rebuild_comprehension(tree: trees.Comprehension, change: TreeChange, at: Offsets) -> Tree:
    element = change(tree.element)
    loops = [trees.Loop(targets, change(i), tuple(map(change, ifs))) for targets, i, ifs in tree.loops]
    return trees.Comprehension(element, tuple(loops), **at)


_REBUILT: Final[dict[type[Any], Callable[[Any, TreeChange, Any], Tree]]] = {
    trees.Unary: lambda t, change, at: trees.Unary(t.sign, change(t.operand), **at),
    trees.Binary: lambda t, change, at: trees.Binary(t.sign, change(t.left), change(t.right), **at),
    trees.Compare: _rebuild_compare,
    trees.Logic: lambda t, change, at: trees.Logic(t.word, tuple(map(change, t.parts)), **at),
    trees.Choice: _rebuild_choice,
    trees.Call: lambda t, change, at: trees.Call(t.function, tuple(map(change, t.arguments)), **at),
    trees.Attribute: lambda t, change, at: trees.Attribute(change(t.value), t.name, **at),
    trees.Subscript: lambda t, change, at: trees.Subscript(change(t.value), change(t.index), **at),
    trees.Slice: _rebuild_slice,
    trees.Sequence: lambda t, change, at: trees.Sequence(tuple(map(change, t.items)), t.kind, **at),
    trees.Comprehension: _rebuild_comprehension,
}


def substitute(tree: Tree, values: Mapping[str, Tree]) -> Tree:
    """The tree with free names replaced; a name that `values` lacks stays.

    What is put in must not itself hold names that a comprehension of the tree binds.
    """
    if isinstance(tree, trees.Name):
        return values.get(tree.name, tree)
    if not isinstance(tree, trees.Comprehension):
        return rebuild(tree, lambda child: substitute(child, values))
    loops = []
    for targets, iterable, conditions in tree.loops:
        changed = substitute(iterable, values)
        values = {name: value for name, value in values.items() if name not in target_names(targets)}
        loops.append(trees.Loop(targets, changed, tuple(substitute(c, values) for c in conditions)))
    return trees.Comprehension(substitute(tree.element, values), tuple(loops), start=tree.start, end=tree.end)
