"""Receptive fields: how much of the network's inputs each place of a tensor sees.

A tensor's dimension is a row of `Part`s, outermost first, whose sizes multiply to its size: places along an
axis of an input (the height of an image, the words of a sentence), or numbers that stand nowhere (channels).
So reshapes, windows and patches keep track of what lies where, and an op that sums over a dimension is known to
see one window, or everything. The recurrence over windows is that of Araujo, Norris and Sim, "Computing receptive
fields of convolutional neural networks" (2019): `size += (extent - 1) * jump; jump *= stride`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import prod
from typing import NamedTuple, TypeAlias


class Part(NamedTuple):
    """`size` places of an axis, `stride` apart on its grid; without an axis, numbers of one place."""

    axis: int | None
    stride: int
    size: int


class Seen(NamedTuple):
    """What a place of a tensor sees along an axis."""

    size: Fraction | None
    """In places of the input; None where it is all of them, or may be."""
    jump: Fraction
    """How far apart in the input neighbours on the tensor's grid are."""
    grid: int
    """How many places the tensor's grid has."""


Parts: TypeAlias = tuple[Part, ...]


class Window(NamedTuple):
    """How an op reads along a dimension: `extent` neighbours, starting `stride` further for each output."""

    extent: int
    stride: Fraction | int


class Field(NamedTuple):
    """The receptive field of a tensor."""

    dims: tuple[Parts, ...]
    seen: Mapping[int, Seen]
    """By axis, for those that it depends on."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(prod(part.size for part in parts) for parts in self.dims)


def plain(count: int) -> Parts:
    """A dimension without places."""
    return (Part(None, 1, count),)


def fitted(old: int, new: int) -> Window:
    """The windows of a pooling that makes `new` places of `old`: where it does not divide, they overlap."""
    return Window(old // new if old % new == 0 else -(-old // new) + 1, Fraction(old, new))


def blind(shape: Sequence[int]) -> Field:
    """The field of a tensor that depends on no input."""
    return Field(tuple(map(plain, shape)), {})


def everything(shape: Sequence[int], inputs: Iterable[Field | None]) -> Field:
    """Everything of whatever the inputs see of anything: where an op mixes all places, or it cannot be told."""
    seen = _seen(inputs)
    return Field(tuple(map(plain, shape)), {axis: each._replace(size=None) for axis, each in seen.items()})


def elementwise(shape: Sequence[int], inputs: Sequence[Field | None]) -> Field:
    """The field where inputs are broadcast together."""
    fed = [x for x in inputs if x is not None]
    dims = []
    for i in range(1, len(shape) + 1):
        candidates = [x.dims[-i] for x in fed if len(x.dims) >= i and x.shape[-i] == shape[-i]]
        dims.append(next((parts for parts in candidates if has_places(parts)), plain(shape[-i])))
    return Field(tuple(reversed(dims)), _seen(fed))


def fits(shape: Sequence[int], inputs: Iterable[Field | None]) -> bool:
    """Whether inputs that are broadcast together have this shape."""
    sizes = [1] * len(shape)
    for x in inputs:
        if x is None:
            continue
        if len(x.dims) > len(shape):
            return False
        for i, size in enumerate(reversed(x.shape), start=1):
            sizes[-i] = max(sizes[-i], size)
    return tuple(sizes) == tuple(shape)


def mixed(x: Field, dims: Iterable[int]) -> Field:
    """Each place sees all along these dimensions; the places stay."""
    seen = dict(x.seen)
    for part in (part for dim in dims for part in x.dims[dim]):
        if part.axis is None or part.size == 1:
            continue
        size, jump, grid = seen[part.axis]
        more = None if size is None or part.size == grid else size + (part.size - 1) * part.stride * jump
        seen[part.axis] = Seen(more, jump, grid)
    return Field(x.dims, seen)


def replaced(x: Field, dim: int, *parts: Parts) -> Field:
    """Other dimensions in place of one; an axis whose places thin out gets a coarser grid."""
    return _settled(Field((*x.dims[:dim], *parts, *x.dims[dim + 1 :]), x.seen))


def contracted(x: Field, dim: int, *sizes: int) -> Field:
    """Sums over a dimension, with dimensions without places instead."""
    return replaced(mixed(x, (dim,)), dim, *map(plain, sizes))


def windowed(x: Field, first: int, windows: Sequence[Window], sizes: Sequence[int]) -> Field:
    """Windows along the dimensions from `first` on, which then have these sizes."""
    dims, seen = list(x.dims), dict(x.seen)
    for dim, (window, made) in enumerate(zip(windows, sizes, strict=True), start=first):
        parts = dims[dim]
        if parts == plain(made) or (window == (1, 1) and x.shape[dim] == made):
            continue
        dims[dim] = plain(made)
        if len(parts) == 1 and (axis := parts[0].axis) is not None and parts[0].size == seen[axis].grid:
            size, jump, _ = seen[axis]
            grown = None if size is None else size + (window.extent - 1) * jump
            seen[axis] = Seen(grown, jump * window.stride, made)
            dims[dim] = (Part(axis, 1, made),)
            continue
        for part in parts:
            if part.axis is not None:
                seen[part.axis] = seen[part.axis]._replace(size=None)
    return Field(tuple(dims), seen)


def permuted(x: Field, order: Sequence[int]) -> Field:
    """The dimensions in another order."""
    return Field(tuple(x.dims[dim] for dim in order), x.seen)


def regrouped(x: Field, shape: Sequence[int]) -> Field:
    """The same numbers in the same order in another shape."""
    left = [part for parts in x.dims for part in parts if part.size > 1]
    dims = []
    for size in shape:
        taken, left = _take(left, size)
        if taken is None:
            return everything(shape, (x,))
        dims.append(_joined(taken) or plain(1))
    return Field(tuple(dims), x.seen)


def together(dims: Sequence[Parts], *inputs: Field | None) -> Field:
    """These dimensions, with all that the inputs see."""
    return _settled(Field(tuple(dims), _seen(inputs)))


def cut(x: Field, dim: int, shape: Sequence[int], step: int = 1) -> Field:
    """A stretch of a dimension, every `step`-th place of it."""
    return windowed(x, dim, (Window(1, step),), shape[dim : dim + 1])


def product(shape: Sequence[int], x: Field, other: Field) -> Field:
    """Of a product of matrices: sums over the last dimension of `x` and the last but one of `other`."""
    inner = (mixed(x, (-1,)), mixed(other, (-2 if len(other.dims) > 1 else -1,)))
    rows, columns = x.dims[-2:-1], other.dims[-1:] if len(other.dims) > 1 else ()
    count = len(shape) - len(rows) - len(columns)
    batch = elementwise(shape[:count], [Field(each.dims[:-2], {}) for each in (x, other)])
    return together((*batch.dims, *rows, *columns), *inner)


def _take(parts: list[Part], size: int) -> tuple[list[Part] | None, list[Part]]:
    """The outermost parts that make up `size`, and the rest; None where no place ends there."""
    taken, left = [], list(parts)
    while size > 1:
        part = left.pop(0)
        if size % part.size == 0:
            taken.append(part)
            size //= part.size
        elif part.size % size == 0:
            inner = part.size // size
            taken.append(Part(part.axis, part.stride * inner, size))
            left.insert(0, Part(part.axis, part.stride, inner))
            size = 1
        else:
            return None, []
    return taken, left


def _joined(parts: Iterable[Part]) -> Parts:
    """Neighbours that follow each other made one."""
    made: list[Part] = []
    for part in parts:
        if made and made[-1].axis == part.axis and (
            part.axis is None or made[-1].stride == part.stride * part.size
        ):  # fmt: skip
            made[-1] = Part(part.axis, part.stride, made[-1].size * part.size)
        else:
            made.append(part)
    return tuple(made)


def _seen(inputs: Iterable[Field | None]) -> dict[int, Seen]:
    """What any of the inputs sees: the largest field over all paths."""
    seen: dict[int, Seen] = {}
    for x in inputs:
        for axis, new in x.seen.items() if x is not None else ():
            old = seen.get(axis)
            if old is None or old == new:
                seen[axis] = new
                continue
            size = None if old.size is None or new.size is None else max(old.size, new.size)
            seen[axis] = Seen(size, max(old.jump, new.jump), max(old.grid, new.grid))
    return seen


def has_places(parts: Parts) -> bool:
    """Whether more than one place of an axis stands along a dimension."""
    return any(part.axis is not None and part.size > 1 for part in parts)


def _settled(x: Field) -> Field:
    """The grid of an axis is as fine as the places that are left of it."""
    strides: dict[int, list[int]] = {}
    for part in (part for parts in x.dims for part in parts):
        if part.axis is not None and part.size > 1:
            strides.setdefault(part.axis, []).append(part.stride)
    coarse = {axis: min(found) for axis, found in strides.items() if min(found) > 1}
    if not coarse:
        return x
    dims = tuple(
        tuple(p._replace(stride=p.stride // coarse[p.axis]) if p.axis in coarse else p for p in parts)
        for parts in x.dims
    )
    seen = dict(x.seen)
    for axis, step in coarse.items():
        size, jump, grid = seen[axis]
        seen[axis] = Seen(size, jump * step, -(-grid // step))
    return Field(dims, seen)
