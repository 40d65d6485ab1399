"""Values of one dtype and shape, fitted to another: input channels, and grids that follow the size of the image."""

from __future__ import annotations

from math import isqrt, prod

import torch
from torch import Tensor
from torch.nn import functional as F

from archdsl.ir.renaming import Resize


def lost(tensor: Tensor, dtype: torch.dtype) -> str | None:
    """What the values would lose in another dtype beyond digits; None where they keep their meaning."""
    if tensor.is_complex() and not dtype.is_complex:
        return "complex in the file, real here"
    if dtype.is_complex or dtype.is_floating_point or tensor.dtype == dtype:
        return None
    wide = tensor.double() if tensor.is_floating_point() else tensor
    if torch.equal(wide.to(dtype).to(wide.dtype), wide):
        return None
    return f"numbers in the file that {str(dtype).removeprefix('torch.')} does not have"


def same_but_ones(tensor: Tensor, shape: tuple[int, ...]) -> bool:
    """Whether only dimensions of size 1 make the difference: `C` and `C×1×1`."""
    return [size for size in tensor.shape if size != 1] == [size for size in shape if size != 1]


def with_channels(weight: Tensor, channels: int) -> Tensor:
    """A convolution's weight, out×in×…, for another number of input channels.

    One channel gets the sum of them all, so that grey images count as before; several get the old ones in
    turn, scaled so that activations keep their size. This is what timm does.
    """
    old = weight.shape[1]
    wide = exact(weight)
    if channels == 1:
        return wide.sum(dim=1, keepdim=True).to(weight.dtype)
    repeats = [1, -(-channels // old)] + [1] * (weight.dim() - 2)
    return (wide.repeat(repeats)[:, :channels] * (old / channels)).to(weight.dtype)


def exact(tensor: Tensor) -> Tensor:
    """In float32 at least: halves would be rounded at every step."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def grid_side(rows: int, resize: Resize) -> int | None:
    """The side of the square grid that so many rows hold after the prefix; None where they hold none."""
    cells = rows - resize.prefix
    side = isqrt(max(cells, 0))
    return side if side > 0 and side * side == cells else None


def resizable(tensor: Tensor, shape: tuple[int, ...], resize: Resize) -> bool:
    """Whether both shapes are …×rows×features, equal but for the rows, which are square grids after the prefix."""
    if tensor.dim() != len(shape) or tensor.dim() < 2 or not tensor.is_floating_point():
        return False
    others = [axis for axis in range(len(shape)) if axis != len(shape) - 2]
    if any(tensor.shape[axis] != shape[axis] for axis in others):
        return False
    return grid_side(tensor.shape[-2], resize) is not None and grid_side(shape[-2], resize) is not None


def resized(tensor: Tensor, shape: tuple[int, ...], resize: Resize) -> Tensor:
    """A grid of features, …×(prefix + h·w)×features, interpolated to another size; the prefix is kept."""
    old, new = grid_side(tensor.shape[-2], resize), grid_side(shape[-2], resize)
    assert old is not None and new is not None
    features, batch = shape[-1], prod(shape[:-2])
    rows = exact(tensor).reshape(batch, -1, features)
    prefix, cells = rows[:, : resize.prefix], rows[:, resize.prefix :]
    image = cells.transpose(1, 2).reshape(batch, features, old, old)
    scaled = F.interpolate(image, size=(new, new), mode=resize.mode, align_corners=resize.align_corners)
    cells = scaled.reshape(batch, features, new * new).transpose(1, 2)
    return torch.cat([prefix, cells], dim=1).reshape(shape).to(tensor.dtype)
