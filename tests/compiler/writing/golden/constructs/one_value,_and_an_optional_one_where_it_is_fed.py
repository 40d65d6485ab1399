"""net, made by archdsl VERSION: archdsl source net

113 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Join(nn.Module):
    """The block `join`: `one` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 3, kernel_size=1)

    def forward(self, x):
        return torch.cat([self.conv(x), x], dim=1)


class Three(nn.Module):
    """The block `join`: `three`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(6, 4, kernel_size=1)

    def forward(self, x, skip):
        return torch.cat([self.conv(x).add_(skip), skip, x], dim=1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Join(3)
        self.two = nn.Conv2d(6, 4, kernel_size=1)
        self.three = Three()
        self.four = Join(14)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×6×8×8
        x = self.three(x, self.two(x))  # N×14×8×8
        return self.four(x)
