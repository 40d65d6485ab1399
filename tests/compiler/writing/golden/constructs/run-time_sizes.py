"""net, made by archdsl VERSION: archdsl source net

834 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Up(nn.Module):
    """The block `up`: `join2` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.up = nn.ConvTranspose2d(in_channels, in_channels // 2, kernel_size=2, stride=2)

    def forward(self, below, skip):
        _, _, h, w = skip.shape
        _, _, g, v = below.shape
        below = self.up(below)
        return torch.cat([skip, F.pad(below, (0, w - 2 * v, 0, h - 2 * g))], dim=1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = nn.Conv2d(3, 4, kernel_size=3)
        self.down = nn.MaxPool2d(kernel_size=2)
        self.two = nn.Conv2d(4, 8, kernel_size=3, padding=1)
        self.down2 = nn.MaxPool2d(kernel_size=2)
        self.join2 = Up(8)
        self.join = Up(12)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×4×14×14
        two = self.two(self.down(x))  # N×8×7×7
        join2 = self.join2(self.down2(two), two)  # N×12×7×7
        return self.join(join2, x)
