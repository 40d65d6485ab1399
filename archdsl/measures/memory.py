"""What the rules of memory talk about: tensors of known sizes and strides, and what a backward pass needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from math import prod
from operator import mul
from typing import Final, NamedTuple, TypeAlias, cast

from archdsl.ops.rules import SINGLE
from archdsl.shapes import Dim, TensorType, evaluate

Sizes: TypeAlias = tuple[int, ...]
"""Of dimensions, or the strides of each in elements."""

ITEM_SIZES: Final = {
    "float64": 8, "int64": 8, "float32": 4, SINGLE: 4, "int32": 4,
    "float16": 2, "bfloat16": 2, "int16": 2, "int8": 1, "uint8": 1, "bool": 1,
}  # fmt: skip
"""Bytes of a number, by dtype."""


def size_of(type: TensorType, dtype: str) -> int:
    """The bytes of a tensor of known sizes, where float32 stands for `dtype`."""
    return ITEM_SIZES[dtype if type.dtype == "float32" else type.dtype] * prod(cast("Sizes", type.shape))


class Placed(NamedTuple):
    """A tensor in memory."""

    shape: Sizes
    dtype: str
    strides: Sizes
    learned: bool
    """Whether it depends on a parameter, so that a gradient flows into it."""

    @property
    def type(self) -> TensorType:
        return TensorType(self.shape, self.dtype)


class Kept(NamedTuple):
    """What autograd keeps of one run of an op until the backward pass."""

    inputs: tuple[int, ...] = ()
    outputs: tuple[int, ...] = ()
    more: tuple[TensorType, ...] = ()
    """Tensors that are neither: masks, indices, statistics, copies."""


NOTHING = Kept()


def contiguous(shape: Sizes) -> Sizes:
    """The strides of a tensor whose last dimension lies closest together."""
    return (*accumulate(reversed(shape[1:]), mul, initial=1),)[::-1] if shape else ()


def in_order_of(x: Placed, shape: Sizes) -> Sizes:
    """Strides for `shape` with the dimensions in the order in which they lie in `x`."""
    if len(shape) != len(x.shape) or any(s == 0 for s, n in zip(x.strides, x.shape, strict=True) if n > 1):
        return contiguous(shape)
    order = sorted(range(len(shape)), key=lambda dim: (-x.strides[dim], -x.shape[dim], dim))
    strides = dict(zip(order, contiguous(tuple(shape[dim] for dim in order)), strict=True))
    return tuple(strides[dim] for dim in range(len(shape)))


def reshaped(x: Placed, shape: Sizes) -> Sizes | None:
    """The strides of `x` viewed in a shape of as many elements, as torch finds them; None where it must be copied."""
    strides = [0] * len(shape)
    place = len(shape) - 1
    run = list(_runs(x))
    for count, stride in reversed(run):
        base, left = stride, count
        while place >= 0 and (left > 1 or shape[place] == 1):
            if left % shape[place]:
                return None
            strides[place] = base
            base *= shape[place]
            left //= shape[place]
            place -= 1
        if left != 1:
            return None
    return tuple(strides)


def _runs(x: Placed) -> list[tuple[int, int]]:
    """Count and stride of the stretches of dimensions that lie in one row."""
    runs: list[tuple[int, int]] = []
    for count, stride in zip(x.shape, x.strides, strict=True):
        if count == 1:
            continue
        if runs and runs[-1][1] == stride * count:
            runs[-1] = (runs[-1][0] * count, stride)
        else:
            runs.append((count, stride))
    return runs or [(1, 1)]


def flat(x: Placed, keep: int = 1) -> bool:
    """Whether `x` can be read as a matrix of its last `keep` dimensions without a copy."""
    split = len(x.shape) - keep
    return split <= 0 or reshaped(x, (prod(x.shape[:split]), *x.shape[split:])) is not None


def padded(x: Placed, margins: Iterable[tuple[Dim, Dim]]) -> TensorType:
    """The type of a batch that is padded by these places before and after each spatial dimension."""
    sides = (size + before + after for size, (before, after) in zip(x.shape[2:], margins, strict=True))
    return elements((*x.shape[:2], *(evaluate(side, {}) for side in sides)), x.dtype)


def elements(shape: Sequence[Dim], dtype: str = "float32") -> TensorType:
    """The type of a tensor that is kept beside inputs and outputs."""
    return TensorType(tuple(shape), dtype)
