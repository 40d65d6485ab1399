"""Expressions of the spec as trees of code."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any, Final

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl_torch.lowering import tree as code
from archdsl_torch.lowering.tree import Code

CodeOf = Callable[[str], Code]
"""What stands for a name."""


def worded(tree: Tree, words: CodeOf = code.Variable) -> Code:  # noqa: PLR0912 - one case a kind
    """The expression as code; the parser has made sure that its names are names."""

    def part(inner: Tree) -> Code:
        return worded(inner, words)

    match tree:
        case trees.Literal():
            return _literal(tree.value)
        case trees.Name():
            return words(tree.name)
        case trees.Unary():
            return code.Prefix(tree.sign, part(tree.operand))
        case trees.Binary():
            return code.Infix(tree.sign, part(tree.left), part(tree.right))
        case trees.Compare():
            return code.Relation(part(tree.first), tuple((sign, part(side)) for sign, side in tree.rest))
        case trees.Logic():
            return reduce(lambda left, right: code.Infix(tree.word, left, right), map(part, tree.parts))
        case trees.Choice():
            return code.Conditional(part(tree.condition), part(tree.then), part(tree.otherwise))
        case trees.Call():
            return code.Call(tree.function, tuple(map(part, tree.arguments)))
        case trees.Attribute():
            return code.Attribute(part(tree.value), tree.name)
        case trees.Subscript():
            return code.Subscript(part(tree.value), (part(tree.index),))
        case trees.Slice():
            bounds = (None if bound is None else part(bound) for bound in (tree.lower, tree.upper, tree.step))
            return code.Subscript(part(tree.value), (code.Range(*bounds),))
        case trees.Sequence():
            items = tuple(map(part, tree.items))
            return code.Many(items) if tree.kind == "list" else code.Tuple(items)
        case trees.Comprehension():
            return code.Comprehension(part(tree.element), tuple(_loop(loop, part) for loop in tree.loops))
        case _:
            code.never(tree)


_PI: Final = code.Global("math.pi")


def _literal(value: Any) -> Code:
    if isinstance(value, float) and abs(value) == math.pi:
        return _PI if value > 0 else code.Prefix("-", _PI)
    return code.Fixed(value)


def _loop(loop: trees.Loop, part: Callable[[Tree], Code]) -> code.Loop:
    return code.Loop(loop.targets, part(loop.iterable), tuple(map(part, loop.conditions)))
