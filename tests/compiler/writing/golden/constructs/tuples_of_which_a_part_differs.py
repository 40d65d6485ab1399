"""net, made by archdsl VERSION: archdsl source net

812 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, in_channels, sides, h, wide=1):
        super().__init__(
            OrderedDict(
                norm=nn.LayerNorm((h, 8)),
                conv=nn.Conv2d(in_channels, 4, kernel_size=[3, wide], padding=[1, wide // 2]),
                pool=nn.MaxPool2d(kernel_size=sides, stride=1),
                group=nn.Conv2d(4, 8, kernel_size=1, groups=2),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(3, (2, 1), h=8)
        self.b = Unit(8, (2, 3), h=7, wide=5)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×8×7×8
        return self.b(x)
