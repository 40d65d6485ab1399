"""net, made by archdsl VERSION: archdsl source net

312 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class First(nn.Module):
    """The block `first`: `one.0` and 4 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=1)
        self.conv2 = nn.Conv2d(in_channels, 4, kernel_size=1)

    def forward(self, x):
        conv = self.conv(x)
        return conv.add_(self.conv2(x))


class Second(nn.Module):
    """The block `second`: `one.1` and 5 more."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=1)

    def forward(self, x, skip):
        return self.conv(x).add_(skip)


class Both(nn.Module):
    """The block `both`: `one` and 4 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.add_module("0", First(in_channels))
        self.add_module("1", Second())

    def forward(self, x):
        x = getattr(self, "0")(x)
        return getattr(self, "1")(x, x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Both(3)
        self.two = Both(4)
        self.deep = nn.Sequential(nn.Sequential(Both(4), Both(4)), Both(4))
        self.last = Second()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×4×8×8
        x = self.two(x)
        return self.last(self.deep(x), x)
