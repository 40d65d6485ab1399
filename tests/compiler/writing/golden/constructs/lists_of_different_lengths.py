"""net, made by archdsl VERSION: archdsl source net

972 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Conv(nn.Sequential):
    """The block `conv`: `a.0.short` and 14 more."""

    def __init__(self, in_channels, out, size=1, padding="same"):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(in_channels, out, kernel_size=size, padding=padding),
                act=nn.ReLU(inplace=True),
            )
        )


class Residual(nn.Module):
    """The block `residual`: `a.0` and 4 more."""

    def __init__(self, in_channels, scale, size, in_channels2, out=None, depth=1):
        super().__init__()
        self.scale = scale
        self.short = Conv(3, 2)
        self.long = nn.Sequential(
            *[
                Conv(3 if k == 0 else in_channels, in_channels if k == 0 else out, size=size if k == 0 else 3)
                for k in range(depth)
            ],
        )
        self.up = nn.Conv2d(in_channels2, 3, kernel_size=1)

    def forward(self, x):
        short = self.short(x)
        up = self.up(torch.cat([short, self.long(x)], dim=1))
        return up * self.scale + x


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(*[Residual(2, 0.5, size=3, in_channels2=4) for _ in range(3)])
        self.b = Residual(4, 0.5, size=1, in_channels2=7, out=5, depth=2)
        self.c = Residual(3, 1, size=1, in_channels2=6, out=4, depth=2)
        self.d = nn.Sequential(Conv(3, 4), Conv(4, 4, size=3), Conv(4, 5, size=3, padding="valid"))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×3×16×16
        x = self.b(x)
        x = self.c(x)
        return self.d(x)
