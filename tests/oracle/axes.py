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
    count = x.dim() - len(left) + 1
    left, right = (_told(side, count) for side in (left, right))
    sizes = _sizes(left, x.shape, given)
    before = [axis for group in left for axis in group]
    after = [axis for group in right for axis in group]
    # a view, as far as torch can: what dropout draws depends on the order in memory
    split = x.reshape([sizes[axis] for axis in before]).permute([before.index(axis) for axis in after])
    return split.reshape([prod(sizes[axis] for axis in group) for group in right])


def _groups(side: str) -> list[list[str]]:
    found = re.findall(r"\(([^)]*)\)|([\w.]+)", side)
    return [["(", *inside.split()] if single == "" else [single] for inside, single in found]


def _told(groups: list[list[str]], count: int) -> list[list[str]]:
    """The groups with `count` axes for `...`, without ones, and with equal numbers told apart by their order."""
    seen: dict[str, int] = {}
    told = []
    for group in groups:
        if group == ["..."]:
            told += [[f"...{i}"] for i in range(count)]
            continue
        axes = []
        for axis in group:
            seen[axis] = seen.get(axis, 0) + 1
            if axis == "...":
                axes += [f"...{i}" for i in range(count)]
            elif axis not in ("(", "1"):
                axes.append(f"{axis}|{seen[axis]}" if axis.isdigit() else axis)
        told.append(axes)
    return told


def _sizes(groups: list[list[str]], shape: torch.Size, given: Mapping[str, int]) -> dict[str, int]:
    sizes = dict(given) | {axis: int(axis.split("|")[0]) for group in groups for axis in group if "|" in axis}
    for group, size in zip(groups, shape, strict=True):
        free = [axis for axis in group if axis not in sizes]
        known = prod(sizes[axis] for axis in group if axis in sizes)
        for axis in free:
            sizes[axis] = size // known
    return sizes
