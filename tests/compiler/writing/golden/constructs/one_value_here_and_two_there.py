"""net, made by archdsl VERSION: archdsl source net

56 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Two(nn.Sequential):
    """The block `two`: `one` and 1 more."""

    def __init__(self, in_channels):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(in_channels, 4, kernel_size=1),
                relu=nn.ReLU(inplace=True),
            )
        )


class Both(nn.Module):
    """The block `two`: `both`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 4, kernel_size=1)
        self.relu = nn.ReLU(inplace=True)
        self.more = nn.Tanh()

    def forward(self, x):
        relu = self.relu(self.conv(x))  # N×4×8×8
        more = self.more(relu)
        return relu, more


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Two(3)
        self.both = Both()
        self.again = Two(4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×4×8×8
        a, b = self.both(x)
        return x + a * b + self.again(x)
