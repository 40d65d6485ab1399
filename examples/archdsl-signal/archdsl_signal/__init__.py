"""What printed sources read of this package: functions and modules of torch, without archdsl."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["GemPool2d", "haar2d"]


def haar2d(x: torch.Tensor) -> torch.Tensor:
    """One level of the orthonormal Haar transform: (N, C, H, W) to (N, 4 C, H / 2, W / 2), the averages first."""
    a, b = x[..., 0::2, 0::2], x[..., 0::2, 1::2]
    c, d = x[..., 1::2, 0::2], x[..., 1::2, 1::2]
    return torch.cat([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], 1) / 2


class GemPool2d(nn.Module):
    """Generalised mean over an image, with a trained exponent: (N, C, H, W) to (N, C, 1, 1). arXiv:1711.02512."""

    def __init__(self, p: float = 3.0, eps: float = 1e-6) -> None:
        super().__init__()
        self.start, self.eps = p, eps
        self.p = nn.Parameter(torch.empty(1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.p, self.start)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        powers: torch.Tensor = x.clamp(min=self.eps) ** self.p
        return powers.mean((-2, -1), keepdim=True) ** (1 / self.p)
