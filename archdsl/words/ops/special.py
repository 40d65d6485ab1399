"""Formulas as one reads them: `Add`, `gate × up`; tensors by their names, what loops carry by its port."""

from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.special import Constant, Formula, Parameter, ScanCarry, ScanLast, ScanSlice, ScanStack, Stub
from archdsl.words.formulas import LONGEST_EQUATION, equation, formula_text, in_loop, typeset
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.titles import SIGNS, border_name, sign_of, title_of

LONGEST: Final = 32
"""Letters that a formula may have in a box."""


@title_of.register
def _(op: Formula, node: Node, sizes: SampleSizes) -> Title:
    sign = sign_of(node)
    if sign is not None:
        return Title(next(name for name, spelled in SIGNS.values() if spelled == sign))
    text = equation(node) if in_loop(node) else formula_text(op.expression, node)
    if len(text) > LONGEST:
        text = typeset(text)
    most = LONGEST if not in_loop(node) else LONGEST_EQUATION
    return Title(fixed(text)) if len(text) <= most else Title(humanise(node.name))


@title_of.register
def _(op: Stub, node: Node, sizes: SampleSizes) -> Title:
    return Title(fixed(op.stands_for) if len(op.stands_for) <= LONGEST else humanise(node.name), "not written")


@title_of.for_each(Parameter, Constant)
def _(op: Parameter | Constant, node: Node, sizes: SampleSizes) -> Title:
    return Title(humanise(node.name))


@title_of.for_each(ScanSlice, ScanCarry, ScanStack, ScanLast)
def _(op: ScanSlice | ScanCarry | ScanStack | ScanLast, node: Node, sizes: SampleSizes) -> Title:
    return Title(border_name(node))
