"""net, made by archdsl VERSION: archdsl source net

168 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class First(nn.Module):
    """The block `first`: `features.0` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=1)
        self.conv2 = nn.Conv2d(in_channels, 4, kernel_size=1)

    def forward(self, x):
        conv = self.conv(x)
        return conv.add_(self.conv2(x))


class Second(nn.Module):
    """The block `second`: `features.1` and 2 more."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=1)

    def forward(self, x, skip):
        return self.conv(x).add_(skip)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.features = nn.ModuleList([First(3), Second(), First(4), Second()])
        self.one = nn.Conv2d(4, 4, kernel_size=1)
        self.other = nn.Conv2d(3, 4, kernel_size=1)
        self.last = Second()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        features0 = self.features[0](x)  # N×4×8×8
        features2 = self.features[2](self.features[1](features0, features0))
        one = self.one(self.features[3](features2, features2))
        last = self.last(one, self.other(x))
        return last * 2
