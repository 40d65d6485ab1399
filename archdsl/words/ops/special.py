"""Formulas as one reads them: `Add`, `gate × up`; tensors by their names, what loops carry by its port."""

import re
from typing import Any, Final

from archdsl.expressions.printer import to_text
from archdsl.expressions.tree import Name
from archdsl.expressions.walking import substitute
from archdsl.ir.graph import Item, Node, Value
from archdsl.ops.special import SCAN, Constant, Formula, Parameter, ScanCarry, ScanLast, ScanSlice, ScanStack, Stub
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.titles import SIGNS, border_name, sign_of, title_of

LONGEST: Final = 32
"""Letters that a formula may have in a box."""
_FRACTION: Final = re.compile(r"\d+\.\d{4,}(e-?\d+)?")


@title_of.register
def _(op: Formula, node: Node, sizes: SampleSizes) -> Title:
    sign = sign_of(node)
    if sign is not None:
        return Title(next(name for name, spelled in SIGNS.values() if spelled == sign))
    names: dict[str, Any] = {
        str(i): Name(_read_as(value, node)) for i, value in enumerate(node.inputs) if value is not None
    }
    text = _FRACTION.sub(lambda found: f"{float(found[0]):.4g}", to_text(substitute(op.expression, names)))
    return Title(fixed(text)) if len(text) <= LONGEST else Title(humanise(node.name))


@title_of.register
def _(op: Stub, node: Node, sizes: SampleSizes) -> Title:
    return Title(fixed(op.stands_for) if len(op.stands_for) <= LONGEST else humanise(node.name), "not written")


@title_of.for_each(Parameter, Constant)
def _(op: Parameter | Constant, node: Node, sizes: SampleSizes) -> Title:
    return Title(humanise(node.name))


@title_of.for_each(ScanSlice, ScanCarry, ScanStack, ScanLast)
def _(op: ScanSlice | ScanCarry | ScanStack | ScanLast, node: Node, sizes: SampleSizes) -> Title:
    return Title(border_name(node))


def _read_as(value: Value, reader: Node) -> str:
    """What a value is called where it is read: by the port of the reader's block through which it comes, else
    as the nodes beside it read it: `relu`, `qkv.q`; of an unnamed child of a list, the list's name."""
    scope = reader.scope
    if scope is not None and scope.block is not None:
        for port, given in scope.inputs.items():
            if given is not None and (given.node, given.output) == (value.node, value.output):
                return port
    if isinstance(value.node.op, SCAN):
        return border_name(value.node)
    named: Item | None = value.node
    while named is not None and named.name.isdigit():
        named = named.scope
    if named is not value.node:
        return named.name if named is not None else humanise(value.node.op.name).lower()
    return value.name[len(value.node.path) - len(value.node.name) :]
