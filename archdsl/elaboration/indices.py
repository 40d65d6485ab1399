"""Whole numbers that count something: as many as an input is tried with and a constant holds are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Final, NamedTuple, TypeAlias, final

from archdsl.faults.code import Code
from archdsl.ir.graph import Node, Value
from archdsl.ops.apply import Types
from archdsl.ops.base import Op, OpError
from archdsl.ops.special import Constant, InputOp
from archdsl.shapes import evaluate

_MOST: Final = 10_000
"""Elements of a constant that are looked at; a larger one is believed."""
_ALL: Final = 100_000
"""Elements of all constants together that are looked at."""

Bound: TypeAlias = tuple[int, Node]
"""A number, and the input or constant that holds it."""


class Held(NamedTuple):
    """The least and the largest of the numbers that a node gives, as far as they are known."""

    least: Bound
    largest: Bound


@final
class Indices:
    """What the nodes of a network hold of whole numbers, each found once."""

    def __init__(self, sizes: Mapping[str, int]) -> None:
        self.sizes = sizes
        self._held: dict[Node, Held | None] = {}
        self._constants: dict[Constant, tuple[int, int] | None] = {}
        self._left = _ALL

    def check(self, op: Op, types: Types, values: Sequence[Value | None]) -> None:
        """Raises OpError where an op counts by numbers, from an input or a constant, of which some are not there.

        `types` are those of the values.
        """
        for place, size in op.indexed(*types).items():
            value = values[place]
            held = None if value is None else self._of(value.node)
            said = None if held is None else _wrong(held, evaluate(size, self.sizes), op)
            if said is not None:
                message, hint = said
                raise OpError(message, code=Code.SIZE_ERROR, ports=(op.ports[place].name,), hint=hint)

    def _of(self, node: Node) -> Held | None:
        """What a node holds; of one that only moves elements, or chooses from them, what is given to it."""
        waiting = [node]
        while waiting:
            last = waiting[-1]
            inputs = [value.node for value in last.inputs if value is not None] if last.op.moves else []
            unknown = [each for each in inputs if each not in self._held]
            if unknown:
                waiting += unknown
                continue
            self._held[waiting.pop()] = _together([self._held[each] for each in inputs]) or self._own(last)
        return self._held[node]

    def _own(self, node: Node) -> Held | None:
        op = node.op
        if isinstance(op, InputOp):
            return Held((0, node), (op.drawn_below - 1, node))
        if not isinstance(op, Constant):
            return None
        if op not in self._constants:
            self._constants[op] = self._bounds(op)
        bounds = self._constants[op]
        return None if bounds is None else Held((bounds[0], node), (bounds[1], node))

    def _bounds(self, op: Constant) -> tuple[int, int] | None:
        """The least and the largest element at the sample sizes; None where they are many, or not known."""
        from archdsl.expressions import ExpressionError
        from archdsl.expressions.compiled import compile_tree

        shape = [evaluate(dim, self.sizes) for dim in op.shape] if op.index else []
        if not op.known or prod(shape) > min(_MOST, self._left):
            return None
        self._left -= prod(shape)
        run = compile_tree(op.value)
        try:
            held = [int(run(dict(zip(op.index, at, strict=True)))) for at in product(*map(range, shape))]
        except (ExpressionError, OverflowError, ValueError):  # a whole number that is none: `inf`
            return None
        return min(held), max(held)


def _together(given: Sequence[Held | None]) -> Held | None:
    known = [held for held in given if held is not None]
    if not known:
        return None
    least = min((held.least for held in known), key=lambda extreme: extreme[0])
    return Held(least, max((held.largest for held in known), key=lambda extreme: extreme[0]))


def _wrong(held: Held, there: int, op: Op) -> tuple[str, str] | None:
    """What to say of numbers that do not count `there` things, and what to do."""
    (least, first), (largest, node) = held
    if largest >= there:
        drawn = isinstance(node.op, InputOp)
        said = f"holds whole numbers below {largest + 1}" if drawn else f"holds {largest}"
        hint = f"say `below: {there}` at the input, or " if drawn else ""
        return f"`{node.name}` {said}, and {op.name} takes those below {there}", f"{hint}make more of what it counts"
    if least < (-there if op.counts_back else 0):
        return f"`{first.name}` holds {least}, and {op.name} takes those below {there}", "it counts from 0"
    return None
