"""What older releases of torch do not trace."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn


class _Counting(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[0])


def fx_takes_arange() -> bool:
    """Whether `fx.symbolic_trace` takes `torch.arange` of a size that only the run knows."""
    try:
        fx.symbolic_trace(_Counting())
    except TypeError:
        return False
    return True
