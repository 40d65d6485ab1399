"""net, made by archdsl VERSION: archdsl source net

80 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Fuse(nn.Module):
    """The block `fuse`: `two` and 1 more."""

    def __init__(self, in_channels, in_channels2):
        super().__init__()
        self.up0 = nn.Conv2d(in_channels, 2, kernel_size=1)
        self.up1 = nn.Conv2d(in_channels2, 2, kernel_size=1)

    def forward(self, x0, x1):
        x0 = self.up0(x0)
        return torch.cat([x0, self.up1(x1)], dim=1)


class Three(nn.Module):
    """The block `fuse`: `three`."""

    def __init__(self):
        super().__init__()
        self.up0 = nn.Conv2d(1, 2, kernel_size=1)
        self.up1 = nn.Conv2d(2, 2, kernel_size=1)
        self.up2 = nn.Conv2d(3, 2, kernel_size=1)

    def forward(self, x0, x1, x2):
        x0 = self.up0(x0)  # N×2×8×8
        up1 = self.up1(x1)
        return torch.cat([x0, up1, self.up2(x2)], dim=1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.c0 = nn.Conv2d(3, 1, kernel_size=1)
        self.c1 = nn.Conv2d(3, 2, kernel_size=1)
        self.c2 = nn.Conv2d(3, 3, kernel_size=1)
        self.two = Fuse(2, 3)
        self.three = Three()
        self.again = Fuse(6, 4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        c0 = self.c0(x)  # N×1×8×8
        c1 = self.c1(x)  # N×2×8×8
        x = self.c2(x)  # N×3×8×8
        two = self.two(c1, x)  # N×4×8×8
        return self.again(self.three(c0, c1, x), two)
