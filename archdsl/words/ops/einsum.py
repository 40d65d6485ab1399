"""Sums over named indices: `Einsum b h t d, b h s d → b h t s`; with stacked weights `8 × Linear 512 → 1024`."""

from typing import Final

from archdsl.ir.graph import Node
from archdsl.ops.einsum import Einsum, parse
from archdsl.ops.special import Parameter
from archdsl.words.naming import SampleSizes, Title, fixed, humanise
from archdsl.words.ops.rearrange import with_pattern
from archdsl.words.quantities import SPACE, size
from archdsl.words.titles import title_of

STACKED: Final = 3
"""The indices of a stack of matrices."""


@title_of.register
def _(op: Einsum, node: Node, sizes: SampleSizes) -> Title:
    return _stacked(op, node, sizes) or with_pattern(humanise(op.name), op.equation.replace("->", " → "))


def _stacked(op: Einsum, node: Node, sizes: SampleSizes) -> Title | None:
    """A linear layer for each matrix of a stack, where the second operand is a parameter that is one."""
    equation, weight = parse(op.equation), node.inputs[-1]
    if len(equation.operands) != 2 or weight is None or not isinstance(weight.node.op, Parameter):
        return None
    given, stack = equation.operands
    summed = [label for label in stack if label in given and label not in equation.result]
    new = [label for label in equation.result if label in stack and label not in given]
    if len(stack) != STACKED or len(summed) != 1 or not new or "..." in stack:
        return None
    shape = {label: str(size(dim, sizes)) for label, dim in zip(stack, weight.type.shape, strict=True)}
    (times,) = set(stack) - {summed[0], new[-1]}
    fields = fixed(f"{shape[summed[0]]} → {shape[new[-1]]}")
    return Title(f"{shape[times]}{SPACE}×{SPACE}Linear", fields, comma=False, stem="Linear")
