"""net, made by archdsl VERSION: archdsl source net

252 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 2 more."""

    def __init__(self, scale=True, last=False):
        super().__init__()
        self.scale = scale
        self.conv = nn.Conv2d(3, 3, kernel_size=3, padding=1)
        self.tanh = nn.Tanh() if not last else None

    def forward(self, x):
        x = self.conv(x)
        if self.scale:
            scaled = x * 0.5
            moved = scaled + 1
        else:
            moved = x
        if self.tanh is None:
            return moved
        return self.tanh(moved)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(scale=False)
        self.b = Unit()
        self.c = Unit(last=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×3×16×16
        x = self.b(x)
        return self.c(x)
