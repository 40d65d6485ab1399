"""Formulas as their spec reads: tensors by the names that are seen from there, and those of a cell as equations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Name, Tree
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Item, Node, Scope, Value
from archdsl.ir.scopes import scopes_around
from archdsl.ops.special import SCAN, ScanCarry, ScanLast, ScanSlice
from archdsl.words.naming import MINUS, humanise
from archdsl.words.titles import border_name

LONGEST_EQUATION: Final = 44
"""Letters that the equation of a cell may have in a box."""
PRIME: Final = "\N{PRIME}"
"""Behind what a loop passes on to its next step."""
_FRACTION: Final = re.compile(r"\d+\.\d{4,}(e-?\d+)?")
_SPELLED: Final = {
    " ** 2": "²", " * ": "·", " - ": f" {MINUS} ", "sigmoid(": "σ(", "sqrt(": "√(", "-inf": f"{MINUS}∞",
}  # fmt: skip
_SHORTER: Final = re.compile(r"(?<![\w.])(?:sigmoid|sqrt)\(|-inf\b| (?:\*\* 2\b|\* |- )")


def formula_text(tree: Tree, node: Node) -> str:
    """A formula, or a part of one, of this node: `x * scale + shift`."""
    return _text(tree, _names(node))


def equation(node: Node) -> str:
    """The formula of a node in a loop over time: `c′ = σ(f)·c + σ(i)·tanh(g)`."""
    names = _names(node)
    short = {place: name.rpartition(".")[2] for place, name in names.items()}
    names = short if len(set(short.values())) == len(set(names.values())) else names
    made = carried_as(Value(node, 0, node.types[0])) or ("" if node.name.isdigit() else node.name)
    text = typeset(_text(getattr(node.op, "expression", None), names))
    return f"{made} = {text}" if made else text


def in_loop(node: Node) -> bool:
    """Whether it runs once for every step of a loop over time."""
    return any(scope.scan is not None for scope in scopes_around(node))


def typeset(text: str) -> str:
    """A formula as mathematics has it: `σ(x)·y − 1`."""
    return _SHORTER.sub(lambda found: _SPELLED[found[0]], text)


def carried_as(value: Value) -> str:
    """`c′`, of what a loop passes on as `c`; empty for anything else."""
    for scope in scopes_around(value.node):
        for item in scope.children.values() if scope.scan is not None else ():
            if isinstance(item, Node) and isinstance(item.op, ScanLast) and _is_at(item.inputs[0], value):
                return border_name(item) + PRIME
    return ""


def _text(tree: Any, names: dict[str, str]) -> str:
    text = to_text(substitute(tree, {place: Name(name) for place, name in names.items()}))
    return _FRACTION.sub(lambda found: f"{float(found[0]):.4g}", text)


def _names(node: Node) -> dict[str, str]:
    """What each input is called, by its number: where two would have one name, by their paths."""
    given = {str(i): value for i, value in enumerate(node.inputs) if value is not None}
    found = {place: read_as(value, node) for place, value in given.items()}
    values = {(value.node, value.output, value.weight) for value in given.values()}
    if len(set(found.values())) < len(values):
        return {place: value.name for place, value in given.items()}
    return found


def read_as(value: Value, reader: Node) -> str:
    """What a value is called where it is read: by the port of the reader's block through which it comes, else by the
    largest item beside the reader that gives it: `relu`, `qkv.q`; of an unnamed child of a list, the list's name."""
    scope = reader.scope
    if scope is not None and scope.block is not None:
        for port, given in scope.inputs.items():
            if _is_at(given, value) and not _is_by_step(scope, port):
                return port
    if isinstance(value.node.op, SCAN):
        return border_name(value.node)
    carried = carried_as(value) if in_loop(reader) else ""
    if carried:
        return carried
    return _seen(value, set(scopes_around(reader)))


def _is_by_step(scope: Scope, port: str) -> bool:
    """Whether a loop gives this port another value at each step: what comes from outside isn't seen by its name."""
    nodes = (item for item in scope.children.values() if isinstance(item, Node))
    return any(isinstance(node.op, ScanCarry | ScanSlice) and border_name(node) == port for node in nodes)


def _seen(value: Value, around: set[Scope]) -> str:
    """The name of what gives a value, as it is seen from inside these scopes."""
    item: Item = value.node
    name = value.name[len(value.node.path) - len(value.node.name) :]
    for scope in _giving(value):
        if scope in around:
            break
        item = scope
        name = _output(scope, value)
    if not item.name.isdigit():
        return name
    while item.name.isdigit() and item.scope is not None and item.scope not in around:
        item = item.scope
    return humanise(value.node.op.name).lower() if item.name.isdigit() else item.name


def _giving(value: Value) -> Iterator[Scope]:
    """The scopes that have this value as an output, innermost first."""
    for scope in scopes_around(value.node):
        if not any(_is_at(given, value) for given in scope.outputs.values()):
            return
        yield scope


def _output(scope: Scope, value: Value) -> str:
    name = next(name for name, given in scope.outputs.items() if _is_at(given, value))
    return scope.name if len(scope.outputs) == 1 else f"{scope.name}.{name}"


def _is_at(given: Value | None, value: Value) -> bool:
    return given is not None and (given.node, given.output, given.weight) == (value.node, value.output, value.weight)
