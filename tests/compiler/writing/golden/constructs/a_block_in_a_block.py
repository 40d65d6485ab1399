"""net, made by archdsl VERSION: archdsl source net

1,480 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Same(nn.Module):
    """The block `same`: `one.first` and 9 more."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=3, padding=1)

    def forward(self, x, below, right):
        _, _, g, v = x.shape
        x = self.conv(F.pad(x, (0, right, 0, below)))
        x = x.narrow(2, 0, g)
        return x.narrow(3, 0, v)


class Stage(nn.Module):
    """The block `stage`: `one` and 2 more."""

    def __init__(self, k2):
        super().__init__()
        self.k2 = k2
        self.first = Same()
        self.second = Same()
        self.act = nn.ReLU()
        self.third = Same()

    def forward(self, x, below):
        x = self.first(x, below, 1)
        x = self.second(x, 2 * below, below)
        x = self.act(x)
        return self.third(x, self.k2, below + self.k2)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Stage(1)
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.two = Stage(2)
        self.three = Stage(2)
        self.four = Same()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        _, _, h, w = x.shape
        x = self.one(x, h % 2)  # N×4×9×8
        x = self.two(self.pool(x), w % 3 + 1)  # N×4×4×4
        x = self.three(x, (4 - h % 4) % 4)
        return self.four(x, 3, (4 - h % 4) % 4)
