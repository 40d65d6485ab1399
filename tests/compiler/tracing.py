"""What older releases of torch do not trace, and how to know one."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, fx, nn

BEFORE_2_13: Final = tuple(map(int, torch.__version__.split(".")[:2])) < (2, 13)


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
