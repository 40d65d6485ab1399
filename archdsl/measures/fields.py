"""Receptive fields: how much of the network's inputs each place of a tensor sees.

A tensor's dimension is a row of `AxisPart`s, outermost first, whose sizes multiply to its size: places along an
axis of an input (the height of an image, the words of a sentence), or numbers that stand nowhere (channels).
So reshapes, windows and patches keep track of what lies where, and an op that sums over a dimension is known to
see one window, or everything. What a place then sees is worked out in `receptive`, place by place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import prod
from typing import Final, NamedTuple, TypeAlias

from archdsl.measures.receptive import Reads, Receptive, among, either, lifted, repeated, through


class AxisPart(NamedTuple):
    """`size` places of an axis, `stride` apart on its grid; without an axis, numbers of one place."""

    axis: int | None
    stride: int
    size: int


class Seen(NamedTuple):
    """What the places of a tensor see along an axis."""

    reach: Receptive | None
    """By place of the tensor's grid; None where it is everything, or may be."""
    grid: int
    """How many places the tensor's grid has."""


AxisParts: TypeAlias = tuple[AxisPart, ...]

STILL: Final = Reads(1, (range(1),))
"""Each place alone."""


class Field(NamedTuple):
    """The receptive field of a tensor."""

    dims: tuple[AxisParts, ...]
    seen: Mapping[int, Seen]
    """By axis, for those that it depends on."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(prod(part.size for part in parts) for parts in self.dims)


def plain(count: int) -> AxisParts:
    """A dimension without places."""
    return (AxisPart(None, 1, count),)


def blind(shape: Sequence[int]) -> Field:
    """The field of a tensor that depends on no input."""
    return Field(tuple(map(plain, shape)), {})


def everything(shape: Sequence[int], inputs: Iterable[Field | None]) -> Field:
    """Everything of whatever the inputs see of anything: where an op mixes all places, or it cannot be told."""
    seen = _seen(inputs)
    return Field(tuple(map(plain, shape)), {axis: each._replace(reach=None) for axis, each in seen.items()})


def elementwise(shape: Sequence[int], inputs: Sequence[Field | None]) -> Field:
    """The field where inputs are broadcast together."""
    fed = [x for x in inputs if x is not None]
    dims = []
    for i in range(1, len(shape) + 1):
        candidates = [x.dims[-i] for x in fed if len(x.dims) >= i and x.shape[-i] == shape[-i]]
        dims.append(next((parts for parts in candidates if has_places(parts)), plain(shape[-i])))
    return _settled(Field(tuple(reversed(dims)), _seen(fed)))


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


def usual(shapes: Sequence[Sequence[int]], inputs: Sequence[Field | None]) -> tuple[Field, ...]:
    """The fields of outputs of these shapes: of an elementwise op, or of one that sees everything."""
    return tuple(elementwise(shape, inputs) if fits(shape, inputs) else everything(shape, inputs) for shape in shapes)


def mixed(x: Field, dims: Iterable[int]) -> Field:
    """Each place sees all along these dimensions; the places stay."""
    seen = dict(x.seen)
    for part in (part for dim in dims for part in x.dims[dim]):
        if part.axis is not None and part.size > 1:
            seen[part.axis] = _over(seen[part.axis], part, range(part.size))
    return Field(x.dims, seen)


def with_weights(made: Field, weights: Iterable[Field | None]) -> Field:
    """What an op makes of its input with weights or masks that it is fed, of which every place reads all."""
    fed = [mixed(x, range(len(x.dims))) for x in weights if x is not None]
    return together(made.dims, made, *fed) if fed else made


def _over(seen: Seen, part: AxisPart, digits: range) -> Seen:
    """What places see that read these of a part's places, whichever they stand at themselves."""
    reach, grid = seen
    if reach is None or (part.size == grid and len(digits) == grid):
        return Seen(None, grid)
    return Seen(among(reach, part.stride, digits, part.size, grid), grid)


def replaced(x: Field, dim: int, *parts: AxisParts) -> Field:
    """Other dimensions in place of one; an axis whose places thin out gets a coarser grid."""
    return _settled(Field((*x.dims[:dim], *parts, *x.dims[dim + 1 :]), x.seen))


def contracted(x: Field, dim: int, *sizes: int) -> Field:
    """Sums over a dimension, with dimensions without places instead."""
    return replaced(mixed(x, (dim,)), dim, *map(plain, sizes))


def grouped(x: Field, groups: int, size: int) -> Field:
    """Sums over each of equal groups of the channels, of which there are then so many."""
    split = _in_groups(x, groups)
    if split is None:
        return contracted(x, 1, size)
    summed = replaced(mixed(split, (2,)), 2)
    return replaced(summed, 1, _joined((*summed.dims[1], *plain(size // groups))))


def within_groups(x: Field, groups: int) -> Field:
    """Each place sees all places of its group of channels, of which there are so many."""
    split = _in_groups(x, groups)
    if split is None:
        return mixed(x, range(1, len(x.dims)))
    return Field(x.dims, mixed(split, range(2, len(split.dims))).seen)


def _in_groups(x: Field, groups: int) -> Field | None:
    """The channels as two dimensions, groups and what is in each; None where there is one group, or no telling."""
    outer, inner = _take(list(x.dims[1]), groups)
    if outer is None or groups == 1:
        return None
    return Field((x.dims[0], tuple(outer), tuple(inner) or plain(1), *x.dims[2:]), x.seen)


def picked(x: Field, dim: int, place: int) -> Field:
    """One place along a dimension, without the dimension."""
    seen, left = dict(x.seen), place
    for part in reversed(x.dims[dim]):
        left, digit = divmod(left, part.size)
        if part.axis is not None:
            seen[part.axis] = _over(seen[part.axis], part, range(digit, digit + 1))
    return replaced(Field(x.dims, seen), dim)


def windowed(x: Field, first: int, reads: Sequence[Reads | None], sizes: Sequence[int]) -> Field:
    """Reads along the dimensions from `first` on, which then have these sizes."""
    dims, seen = list(x.dims), dict(x.seen)
    for dim, (each, made) in enumerate(zip(reads, sizes, strict=True), start=first):
        parts = [part for part in dims[dim] if part.size > 1 or len(dims[dim]) == 1]
        if (each == STILL and x.shape[dim] == made) or not any(part.axis is not None for part in parts):
            dims[dim] = dims[dim] if x.shape[dim] == made else plain(made)
            continue
        dims[dim] = plain(made)
        if len(parts) == 1 and (axis := parts[0].axis) is not None:
            old, stride = seen[axis], parts[0].stride
            if parts[0].size * stride == old.grid:
                grid = made * stride
                apart = each and lifted(each, stride)
                reach = old.reach and apart and through(old.reach, apart, grid)
                seen[axis] = Seen(reach, grid)
                dims[dim] = (AxisPart(axis, stride, made),)
                continue
        for part in parts:
            if part.axis is not None:
                seen[part.axis] = seen[part.axis]._replace(reach=None)
    return Field(tuple(dims), seen)


def interleaved(x: Field, dim: int) -> Field:
    """A dimension merged with the next one, of which every place holds all of the other's."""
    joined = _joined(part for part in (*x.dims[dim], *x.dims[dim + 1]) if part.size > 1) or plain(1)
    times = x.shape[dim + 1]
    if has_places(x.dims[dim + 1]):
        return Field((*x.dims[:dim], joined, *x.dims[dim + 2 :]), x.seen)
    single = Field((*x.dims[: dim + 1], *x.dims[dim + 2 :]), x.seen)
    return windowed(single, dim, (repeated(times),), (x.shape[dim] * times,))


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


def together(dims: Sequence[AxisParts], *inputs: Field | None) -> Field:
    """These dimensions, with all that the inputs see."""
    return _settled(Field(tuple(dims), _seen(inputs)))


def cut(x: Field, dim: int, shape: Sequence[int], start: int, step: int = 1) -> Field:
    """A stretch of a dimension from `start` on, every `step`-th place of it."""
    return windowed(x, dim, (Reads(step, (range(start, start + 1),)),), shape[dim : dim + 1])


def product(shape: Sequence[int], x: Field, other: Field) -> Field:
    """Of a product of matrices: sums over the last dimension of `x` and the last but one of `other`."""
    inner = (mixed(x, (-1,)), mixed(other, (-2 if len(other.dims) > 1 else -1,)))
    rows, columns = x.dims[-2:-1], other.dims[-1:] if len(other.dims) > 1 else ()
    count = len(shape) - len(rows) - len(columns)
    batch = elementwise(shape[:count], [Field(each.dims[:-2], {}) for each in (x, other)])
    return together((*batch.dims, *rows, *columns), *inner)


def _take(parts: list[AxisPart], size: int) -> tuple[list[AxisPart] | None, list[AxisPart]]:
    """The outermost parts that make up `size`, and the rest; None where no place ends there."""
    taken, left = [], list(parts)
    while size > 1:
        part = left.pop(0)
        if size % part.size == 0:
            taken.append(part)
            size //= part.size
        elif part.size % size == 0:
            inner = part.size // size
            taken.append(AxisPart(part.axis, part.stride * inner, size))
            left.insert(0, AxisPart(part.axis, part.stride, inner))
            size = 1
        else:
            return None, []
    return taken, left


def _joined(parts: Iterable[AxisPart]) -> AxisParts:
    """Neighbours that follow each other made one."""
    made: list[AxisPart] = []
    for part in parts:
        if made and made[-1].axis == part.axis and (
            part.axis is None or made[-1].stride == part.stride * part.size
        ):  # fmt: skip
            made[-1] = AxisPart(part.axis, part.stride, made[-1].size * part.size)
        else:
            made.append(part)
    return tuple(made)


def _seen(inputs: Iterable[Field | None]) -> dict[int, Seen]:
    """What any of the inputs sees: that of all paths, place by place."""
    seen: dict[int, Seen] = {}
    for x in inputs:
        for axis, new in x.seen.items() if x is not None else ():
            seen[axis] = _both(seen[axis], new) if axis in seen else new
    return seen


def _both(first: Seen, second: Seen) -> Seen:
    few, many = sorted((first, second), key=lambda each: each.grid)
    if few.reach is None or many.reach is None or few.grid not in (1, many.grid):
        return Seen(None, many.grid)
    # the one place of a grid of 1 is read by all places of the other
    alone = few.reach if few.grid == many.grid else Receptive(0, few.reach.hulls[:1])
    return Seen(either(many.reach, alone, many.grid), many.grid)


def has_places(parts: AxisParts) -> bool:
    """Whether more than one place of an axis stands along a dimension."""
    return any(part.axis is not None and part.size > 1 for part in parts)


def _settled(x: Field) -> Field:
    """The field with each place once, on grids that are as fine as the places that are left."""
    x = _crossed(x)
    strides: dict[int, list[int]] = {}
    for part in (part for parts in x.dims for part in parts):
        if part.axis is not None and part.size > 1:
            strides.setdefault(part.axis, []).append(part.stride)
    coarse = {axis: min(found) for axis, found in strides.items() if min(found) > 1}
    coarse |= {axis: each.grid for axis, each in x.seen.items() if axis not in strides and each.grid > 1}
    if not coarse:
        return x
    dims = tuple(
        tuple(p._replace(stride=max(p.stride // coarse[p.axis], 1)) if p.axis in coarse else p for p in parts)
        for parts in x.dims
    )
    seen = dict(x.seen)
    for axis, step in coarse.items():
        reach, grid = seen[axis]
        left = -(-grid // step)
        seen[axis] = Seen(reach and through(reach, Reads(step, (range(1),)), left), left)
    return Field(dims, seen)


def _crossed(x: Field) -> Field:
    """Where places of an axis stand along several dimensions, as in a matrix of all pairs, each may see all of them."""
    seen = dict(x.seen)
    for axis, (_, grid) in x.seen.items():
        parts = [part for dim in x.dims for part in dim if part.axis == axis]
        if prod(part.size for part in parts) > grid:
            for part in parts:
                seen[axis] = _over(seen[axis], part, range(part.size))
    return Field(x.dims, seen)
