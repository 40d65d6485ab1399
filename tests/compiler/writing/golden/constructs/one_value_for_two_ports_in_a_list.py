"""net, made by archdsl VERSION: archdsl source net

52 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class First(nn.Module):
    """The block `first`: `features.0`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=1)
        self.conv2 = nn.Conv2d(3, 4, kernel_size=1)

    def forward(self, x):
        conv = self.conv(x)  # N×4×8×8
        return conv.add_(self.conv2(x))


class Second(nn.Module):
    """The block `second`: `features.1`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=1)

    def forward(self, x):
        return self.conv(x).add_(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(First(), Second())
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        return self.features(x)
