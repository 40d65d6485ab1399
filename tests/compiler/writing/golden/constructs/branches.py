"""net, made by archdsl VERSION: archdsl source net

909 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Mix(nn.Module):
    """The block `mix`: `one` and 2 more."""

    def __init__(self, in_channels, wide=False):
        super().__init__()
        self.a = nn.Conv2d(in_channels, 2, kernel_size=1)
        self.b = nn.Conv2d(in_channels, 3, kernel_size=3, padding=1)
        self.b2 = nn.Conv2d(3, 5, kernel_size=3, padding=1) if wide else None

    def forward(self, x):
        a = self.a(x)
        b = self.b(x)
        b2 = b if self.b2 is None else self.b2(b)
        return torch.cat([a, b2, x], dim=1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Mix(3)
        self.two = Mix(8, wide=True)
        self.three = Mix(15)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×8×16×16
        x = self.two(x)  # N×15×16×16
        x = self.three(x)  # N×20×16×16
        return self.pool(x)
