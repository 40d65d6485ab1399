"""Terms: what a tensor is worked out of, written so that two that are one have one term.

A term says an operation, its settings and the terms that it reads; a leaf is an input, a tensor of the network by its
key, or numbers. Terms of one `Terms` that say the same are one object, so comparing two networks is comparing what
their outputs are. Names of nodes, scopes and blocks, the order in which nodes run, and what no output reads do not
occur.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

from torch import Tensor

from archdsl.ops.base import Op
from archdsl.shapes import Dim, TensorType


@dataclass(frozen=True, eq=False, slots=True)
class Term:
    """One tensor, or a number that stands beside tensors."""

    kind: str
    data: tuple[Any, ...]
    args: tuple[Term | None, ...]
    type: TensorType
    place: int
    """Its number in the order in which terms were made."""
    op: Op | None = None
    """What computes it of its arguments, where that is an op."""

    @property
    def shape(self) -> tuple[Dim, ...]:
        return self.type.shape

    def __str__(self) -> str:
        said = " ".join(str(each) for each in self.data)
        return f"{self.kind}({said}) {self.type.dtype} {self.type}"


@final
class Terms:
    """Those that have been made."""

    def __init__(self) -> None:
        self._made: dict[Any, Term] = {}
        self.tables: dict[str, Tensor] = {}
        """The numbers of terms of kind `table`, by what these say."""

    def make(
        self, kind: str, type: TensorType, args: Iterable[Term | None] = (), data: Iterable[Any] = (),
        op: Op | None = None,
    ) -> Term:  # fmt: skip
        args, data = tuple(args), tuple(data)
        key = kind, exact(data), tuple(None if each is None else each.place for each in args), type
        if key not in self._made:
            self._made[key] = Term(kind, data, args, type, len(self._made), op)
        return self._made[key]


def exact(value: Any) -> Any:
    """A key that tells 1 from 1.0 and from true, and 0.0 from -0.0."""
    if isinstance(value, tuple):
        return tuple(map(exact, value))
    return (type(value), repr(value)) if isinstance(value, float) else (type(value), value)


def apart(one: Term | None, other: Term | None) -> tuple[Term | None, Term | None] | None:
    """The first terms in which two differ, nearest to the inputs; None where they are one."""
    seen: set[tuple[int, int]] = set()
    found = None
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left is right:
            continue
        if left is None or right is None:
            return found or (left, right)
        if (left.place, right.place) in seen:
            continue
        seen.add((left.place, right.place))
        found = left, right
        same = left.kind == right.kind and len(left.args) == len(right.args) and exact(left.data) == exact(right.data)
        pairs = _unlike(left.args, right.args) if same else []
    return found


def _unlike(left: Sequence[Term | None], right: Sequence[Term | None]) -> list[tuple[Term | None, Term | None]]:
    """Arguments that differ: of two in either order those that only one side has."""
    pairs = [pair for pair in zip(left, right, strict=True) if pair[0] is not pair[1]]
    shared = {id(each) for each in left} & {id(each) for each in right}
    if len(pairs) == 2 and shared:
        alone = [[each for each in side if id(each) not in shared] for side in (left, right)]
        pairs = [*zip(*alone, strict=False)]
    return pairs
