"""Tree -> text, with no more brackets than it takes to read the same tree back."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from archdsl.expressions import tree as trees
from archdsl.expressions.tree import Tree
from archdsl.shapes import Symbolic

_CHOICE, _OR, _AND, _NOT, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(10)
"""How tightly a text binds."""
_CONSTANTS: Final = {math.pi: "pi", -math.pi: "-pi"}
_LEVELS: Final = {"+": _SUM, "-": _SUM, "or": _OR, "and": _AND}


def to_text(tree: Tree) -> str:
    """The expression as one would write it; `parse` reads the same tree from it."""
    return _spell(tree, _CHOICE)


def _spell(tree: Tree, level: int) -> str:
    own, text = _SPELLED[type(tree)](tree)
    return text if own >= level else f"({text})"


def _literal(tree: trees.Literal) -> tuple[int, str]:
    value = tree.value
    if isinstance(value, Symbolic):
        text = str(value)
        return (_SUM if " " in text or text[0] == "-" else _ATOM), text
    text = _CONSTANTS.get(value, repr(value)) if isinstance(value, float) else repr(value)
    return (_SIGN if text[0] == "-" else _ATOM), text


def _unary(tree: trees.Unary) -> tuple[int, str]:
    if tree.sign == "not":
        return _NOT, f"not {_spell(tree.operand, _NOT)}"
    return _SIGN, tree.sign + _spell(tree.operand, _SIGN)


def _binary(tree: trees.Binary) -> tuple[int, str]:
    if tree.sign == "**":
        return _POWER, f"{_spell(tree.left, _ATOM)} ** {_spell(tree.right, _SIGN)}"
    own = _LEVELS.get(tree.sign, _PRODUCT)
    return own, f"{_spell(tree.left, own)} {tree.sign} {_spell(tree.right, own + 1)}"


def _compare(tree: trees.Compare) -> tuple[int, str]:
    parts = [f" {sign} {_spell(part, _SUM)}" for sign, part in tree.rest]
    return _COMPARE, _spell(tree.first, _SUM) + "".join(parts)


def _logic(tree: trees.Logic) -> tuple[int, str]:
    own = _LEVELS[tree.word]
    return own, f" {tree.word} ".join(_spell(part, own + 1) for part in tree.parts)


def _choice(tree: trees.Choice) -> tuple[int, str]:
    sides = f"{_spell(tree.then, _OR)} if {_spell(tree.condition, _OR)}"
    return _CHOICE, f"{sides} else {_spell(tree.otherwise, _CHOICE)}"


def _slice(tree: trees.Slice) -> tuple[int, str]:
    lower, upper, step = ("" if b is None else to_text(b) for b in (tree.lower, tree.upper, tree.step))
    return _ATOM, f"{_owner(tree.value)}[{lower}:{upper}{':' + step if step else ''}]"


def _sequence(tree: trees.Sequence) -> tuple[int, str]:
    if tree.kind == "list":
        return _ATOM, f"[{_listed(tree.items)}]"
    return _ATOM, f"({_listed(tree.items)}{',' if len(tree.items) == 1 else ''})"


def _loop(loop: trees.Loop) -> str:
    head = f" for {', '.join(map(_target, loop.targets))} in {_spell(loop.iterable, _OR)}"
    return head + "".join(f" if {_spell(condition, _OR)}" for condition in loop.conditions)


def _target(target: trees.Target) -> str:
    return target if isinstance(target, str) else f"({', '.join(map(_target, target))})"


def _owner(tree: Tree) -> str:
    # `2.x` is no attribute of 2
    number = isinstance(tree, trees.Literal) and not isinstance(tree.value, str)
    return f"({to_text(tree)})" if number else _spell(tree, _ATOM)


def _listed(items: tuple[Tree, ...]) -> str:
    return ", ".join(map(to_text, items))


_SPELLED: Final[dict[type[Any], Callable[[Any], tuple[int, str]]]] = {
    trees.Literal: _literal,
    trees.Name: lambda tree: (_ATOM, tree.name),
    trees.Unary: _unary,
    trees.Binary: _binary,
    trees.Compare: _compare,
    trees.Logic: _logic,
    trees.Choice: _choice,
    trees.Call: lambda tree: (_ATOM, f"{tree.function}({_listed(tree.arguments)})"),
    trees.Attribute: lambda tree: (_ATOM, f"{_owner(tree.value)}.{tree.name}"),
    trees.Subscript: lambda tree: (_ATOM, f"{_owner(tree.value)}[{to_text(tree.index)}]"),
    trees.Slice: _slice,
    trees.Sequence: _sequence,
    trees.Comprehension: lambda tree: (_ATOM, f"[{to_text(tree.element)}{''.join(map(_loop, tree.loops))}]"),
}
