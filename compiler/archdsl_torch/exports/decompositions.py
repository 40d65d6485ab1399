"""What torch.export and torch.onnx do not write as it is, in operations that they do."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, final

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

_ATTENTION: Final = torch.ops.aten.scaled_dot_product_attention.default


@final
class FreeSizes(TorchFunctionMode):
    """Operations that fix their sizes in a trace are others meanwhile, which do not."""

    def __torch_function__(
        self, function: Any, types: Any, given: Sequence[Any] = (), named: Mapping[str, Any] | None = None
    ) -> Any:
        made = _gathered if function in _TAKES else function
        return made(*given, **named or {})


def _gathered(x: Tensor, indices: Tensor, dim: int) -> Tensor:
    """`take_along_dim`, which broadcasts to numbers."""
    place = dim % x.dim()
    pairs = zip(x.shape, indices.shape, strict=True)
    shape = [-1 if dim == place else (of if at == 1 else at) for dim, (of, at) in enumerate(pairs)]
    return x.expand(shape).gather(dim, indices.expand(shape))


_TAKES: Final = (torch.take_along_dim, Tensor.take_along_dim)


def _in_four(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, *rest: Any, **named: Any) -> Tensor:
    """Attention over tensors (N, heads, T, C), which is the only one that torch.onnx knows."""
    if query.dim() == 4 and key.dim() == 4:
        return _as_it_is()
    lead = query.shape[:-2]
    q, k, v = (each.reshape(-1, 1, *each.shape[-2:]) for each in (query, key, value))
    if mask is not None:
        mask = mask.expand(*lead, *mask.shape[-2:]).reshape(-1, 1, *mask.shape[-2:])
    found: Tensor = _ATTENTION(q, k, v, mask, *rest, **named)
    return found.reshape(*lead, *found.shape[-2:])


def _by_index(x: Tensor, shifts: Sequence[int], dims: Sequence[int] = ()) -> Tensor:
    """A roll whose shifts follow from sizes that may vary: torch.onnx knows numbers alone."""
    if all(isinstance(each, int) for each in shifts):
        return _as_it_is()
    for shift, dim in zip(shifts, dims, strict=True):
        size = x.shape[dim]
        first = -shift % size
        x = x.index_select(dim, torch.cat([torch.arange(first, size), torch.arange(first)]).to(x.device))
    return x


def _by_matrices(x: Tensor, output_size: Sequence[int]) -> Tensor:
    """Adaptive pooling of a map whose size may vary: torch's decomposition is right at one number alone.

    An output is the mean over its part of the rows and of the columns, which a matrix takes for each.
    """
    height, width = output_size
    if isinstance(x.shape[-2], int) and isinstance(x.shape[-1], int):
        return _as_it_is()
    rows, columns = _means(x, -2, height), _means(x, -1, width)
    return rows @ x @ columns.transpose(0, 1)


def _means(x: Tensor, dim: int, parts: int) -> Tensor:
    """A matrix (parts, size): 1 / n in the n columns that a part is made of."""
    size, part = x.shape[dim], torch.arange(parts, device=x.device)[:, None]
    place = torch.arange(size, device=x.device)
    begin, end = part * size // parts, ((part + 1) * size + parts - 1) // parts
    inside = (place >= begin) & (place < end)
    return inside.to(x.dtype) / (end - begin).to(x.dtype)


def _as_it_is() -> Tensor:
    """What tells torch to leave an operation alone."""
    left: Tensor = NotImplemented
    return left


DECOMPOSITIONS: Final[Mapping[Any, Callable[..., Tensor]]] = {
    _ATTENTION: _in_four,
    torch.ops.aten.roll.default: _by_index,
    torch.ops.aten.adaptive_avg_pool2d.default: _by_matrices,
}


def translations() -> dict[Callable[..., Any], Callable[..., Any]]:
    """How numbers that follow from sizes are written where torch.onnx gives another number."""
    from onnxscript import opset18 as op

    def floor_division(number: Any, divisor: Any) -> Any:
        """ONNX's `Div` rounds towards 0, and what rounds up is a division of a negative number: `-(-H // 7)`."""
        return op.Div(op.Sub(number, op.Mod(number, divisor)), divisor)

    return {operator.floordiv: floor_division}
