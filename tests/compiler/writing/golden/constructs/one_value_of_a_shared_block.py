"""net, made by archdsl VERSION: archdsl source net

36 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Two(nn.Sequential):
    """The block `two`: `one` and 1 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(4, 4, kernel_size=1),
                relu=nn.ReLU(inplace=True),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=1)
        self.one = Two()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(self.conv(x))  # N×4×8×8
        two = self.one(x)
        return two + two + x
