"""net, made by archdsl VERSION: archdsl source net

296 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, deep=False):
        super().__init__()
        self.first = nn.Conv2d(3, 3, kernel_size=3, padding=1)
        self.second = nn.Conv2d(3, 4, kernel_size=1) if deep else None
        self.third = nn.Conv2d(3, 4, kernel_size=3, padding=1) if not deep else None
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.first(x)
        if self.second is not None:
            second = self.second(x)
        if self.third is not None:
            x = self.third(x)
        return self.act(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(deep=True)
        self.b = Unit()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×3×16×16
        return self.b(x)
