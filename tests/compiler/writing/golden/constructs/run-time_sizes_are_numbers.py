"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Scaled(nn.Module):
    """The block `scaled`: `a` and 1 more."""

    def __init__(self, shift):
        super().__init__()
        self.shift = shift

    def forward(self, x):
        l = x.shape[1]
        x = (
            x * l**-0.5
            + (torch.log(torch.full((), l, dtype=torch.float64, device=x.device)) * self.shift).to(x.dtype)
        )
        i = torch.arange(l, dtype=torch.float64, device=x.device)[:, None]
        rows = ((i + self.shift) / (l + 1e-06)).to(x.dtype)
        return (
            x / torch.sqrt(torch.full((), x.shape[1], dtype=torch.float64, device=x.device)).to(x.dtype)
            + rows * (x.shape[1] / 2)
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Scaled(0.5)
        self.b = Scaled(2)

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.b(F.pad(x, (0, 0, 1, 1)))
