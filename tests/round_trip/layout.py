"""The same numbers laid out otherwise: one term for every chain of reshapes, permutations and `rearrange`.

A *view* is a tensor whose elements, row by row, are cut into axes of given sizes, which are put into another order and
into the dimensions of a shape. Chains are joined where both of their cuts have a common refinement, and axes
that stay beside each other are one. What only moves nothing is the tensor itself. A part along a dimension is a *part*.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from archdsl.ops.rules import divides
from archdsl.shapes import Dim, Shape, TensorType, product
from tests.round_trip.terms import Term, Terms

VIEW = "view"
PART = "part"


def reshaped(terms: Terms, term: Term, shape: Shape) -> Term:
    """A tensor's elements in another shape."""
    return view(terms, term, tuple(shape), tuple(range(len(shape))), tuple(shape))


def permuted(terms: Terms, term: Term, order: Sequence[int]) -> Term:
    """A tensor with dimension `order[i]` as its dimension `i`."""
    return view(terms, term, term.shape, tuple(order), tuple(term.shape[each] for each in order))


def view(terms: Terms, term: Term, axes: Shape, order: Sequence[int], shape: Shape) -> Term:
    """A tensor cut into `axes`, these in another order, and in the dimensions of a shape."""
    type = TensorType(shape, term.type.dtype)
    if term.kind == VIEW:
        source = term.args[0]
        assert source is not None
        cut, moved, _ = term.data
        joined = _joined(cut, moved, axes, order)
        if joined is not None:
            return _made(terms, source, *joined, type)
    return _made(terms, term, axes, order, type)


def _made(terms: Terms, source: Term, axes: Shape, order: Sequence[int], type: TensorType) -> Term:
    axes, order = _coarse(axes, order)
    if order == tuple(range(len(order))):
        if type.shape == source.shape:
            return source
        axes, order = (), ()
    return terms.make(VIEW, type, [source], [axes, order, type.shape])


def _coarse(axes: Shape, order: Sequence[int]) -> tuple[Shape, tuple[int, ...]]:
    """The fewest axes: without those of one element, and those that stay beside each other as one."""
    kept = [place for place in order if axes[place] != 1]
    runs: list[list[int]] = []
    left = [place for place in range(len(axes)) if axes[place] != 1]
    after = dict(pairwise(left))
    for place in kept:
        if runs and after.get(runs[-1][-1]) == place:
            runs[-1].append(place)
        else:
            runs.append([place])
    first = sorted(runs)
    return tuple(product(axes[place] for place in run) for run in first), tuple(first.index(run) for run in runs)


def _joined(
    cut: Shape, moved: Sequence[int], axes: Shape, order: Sequence[int]
) -> tuple[Shape, tuple[int, ...]] | None:
    """Two views, one after the other, as one; None where their cuts have no common refinement that can be shown."""
    if not cut:
        return axes, tuple(order)
    middle = [cut[place] for place in moved]
    pieces = _refined(middle, axes)
    if pieces is None:
        return None
    # each piece by the first's axis and the second's, in the order between the two
    sizes: dict[tuple[int, int], Dim] = {}
    by_first: dict[int, list[tuple[int, int]]] = {}
    by_second: dict[int, list[tuple[int, int]]] = {}
    for left, right, size in pieces:
        sizes[left, right] = size
        by_first.setdefault(moved[left], []).append((left, right))
        by_second.setdefault(right, []).append((left, right))
    source = [piece for place in range(len(cut)) for piece in by_first.get(place, [])]
    result = [piece for place in order for piece in by_second.get(place, [])]
    numbers = {piece: number for number, piece in enumerate(source)}
    return tuple(sizes[piece] for piece in source), tuple(numbers[piece] for piece in result)


def _refined(left: Sequence[Dim], right: Sequence[Dim]) -> list[tuple[int, int, Dim]] | None:
    """Two cuts of as many elements as one, from the slowest axis on: whose axes each piece is part of, and its size."""
    pieces: list[tuple[int, int, Dim]] = []
    ours = [(place, size) for place, size in enumerate(left) if size != 1][::-1]
    theirs = [(place, size) for place, size in enumerate(right) if size != 1][::-1]
    while ours and theirs:
        (at, size), (there, other) = ours.pop(), theirs.pop()
        if size == other:
            pieces.append((at, there, size))
        elif divides(other, size):
            pieces.append((at, there, other))
            ours.append((at, size // other))
        elif divides(size, other):
            pieces.append((at, there, size))
            theirs.append((there, other // size))
        else:
            return None
    return None if ours or theirs else pieces


def part(terms: Terms, term: Term, dim: int, start: Dim, length: Dim, step: int = 1) -> Term:
    """Of a dimension the `length` places from `start` on, each `step`th."""
    dim %= len(term.shape)
    if start == 0 and step == 1 and length == term.shape[dim]:
        return term
    shape = (*term.shape[:dim], length, *term.shape[dim + 1 :])
    return terms.make(PART, TensorType(shape, term.type.dtype), [term], [dim, start, length, step])


def without(terms: Terms, term: Term, dim: int, at: Dim) -> Term:
    """One place of a dimension, without it."""
    dim %= len(term.shape)
    kept = part(terms, term, dim, at, 1)
    return reshaped(terms, kept, (*kept.shape[:dim], *kept.shape[dim + 1 :]))
