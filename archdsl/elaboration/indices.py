"""Whole numbers that count something: as many as an input is tried with and a constant holds are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Final, NamedTuple, TypeAlias, final

from archdsl.expressions.intervals import Interval, interval
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
        self._held: dict[tuple[Node, bool], Held | None] = {}
        """By node, and by whether its elements were looked at."""
        self._constants: dict[Constant, tuple[int, int] | None] = {}
        self._left = _ALL

    def check(self, op: Op, types: Types, values: Sequence[Value | None]) -> None:
        """Raises OpError where an op counts by numbers, from an input or a constant, of which some are not there.

        `types` are those of the values.
        """
        for place, size in op.indexed(*types).items():
            value = values[place]
            if value is None:
                continue
            there, said = evaluate(size, self.sizes), None
            for exact in (False, True):  # bounds that are told at once are mostly enough
                held = self._of(value.node, exact)
                said = None if held is None else _wrong(held, there, op)
                if said is None:
                    break
            if said is not None:
                message, hint = said
                raise OpError(message, code=Code.SIZE_ERROR, ports=(op.ports[place].name,), hint=hint)

    def _of(self, node: Node, exact: bool) -> Held | None:
        """What a node holds; of one that only moves elements, or chooses from them, what is given to it."""
        waiting = [node]
        while waiting:
            last = waiting[-1]
            inputs = [value.node for value in last.inputs if value is not None] if last.op.moves else []
            unknown = [each for each in inputs if (each, exact) not in self._held]
            if unknown:
                waiting += unknown
                continue
            given = _together([self._held[each, exact] for each in inputs])
            self._held[waiting.pop(), exact] = given or self._own(last, exact)
        return self._held[node, exact]

    def _own(self, node: Node, exact: bool) -> Held | None:
        op = node.op
        if isinstance(op, InputOp):
            return Held((0, node), (op.drawn_below - 1, node))
        if not isinstance(op, Constant):
            return None
        bounds = None if exact else self._between(op)
        if bounds is None:
            if op not in self._constants:
                self._constants[op] = self._bounds(op)
            bounds = self._constants[op]
        return None if bounds is None else Held((bounds[0], node), (bounds[1], node))

    def _between(self, op: Constant) -> Interval | None:
        """Numbers between which all elements lie at the sample sizes, told without looking at them."""
        if not op.index or not op.known:
            return None
        last = {name: evaluate(dim, self.sizes) - 1 for name, dim in zip(op.index, op.shape, strict=True)}
        return None if min(last.values()) < 0 else interval(op.value, {name: (0, end) for name, end in last.items()})

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
