"""`rearrange` in three steps on the whole tensor: split every axis, order them, merge them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import prod

import torch
from torch import Tensor


def rearranged(x: Tensor, pattern: str, given: Mapping[str, int]) -> Tensor:
    """`x` by a pattern `n (h p) c -> n h (p c)`."""
    left, right = (_groups(side) for side in pattern.split("->"))
    sizes = _sizes(left, x.shape, given)
    before = [axis for group in left for axis in group]
    after = [axis for group in right for axis in group]
    # a view, as far as torch can: what dropout draws depends on the order in memory
    split = x.reshape([sizes[axis] for axis in before]).permute([before.index(axis) for axis in after])
    return split.reshape([prod(sizes[axis] for axis in group) for group in right])


def _groups(side: str) -> list[list[str]]:
    found = re.findall(r"\(([^)]*)\)|(\w+)", side)
    return [inside.split() if single == "" else [] if single == "1" else [single] for inside, single in found]


def _sizes(groups: list[list[str]], shape: torch.Size, given: Mapping[str, int]) -> dict[str, int]:
    sizes = dict(given)
    for group, size in zip(groups, shape, strict=True):
        free = [axis for axis in group if axis not in sizes]
        known = prod(sizes[axis] for axis in group if axis in sizes)
        for axis in free:
            sizes[axis] = size // known
    return sizes
