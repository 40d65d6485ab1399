"""net, made by archdsl VERSION: archdsl source net

16 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=1)
        self.scope = nn.Sequential(OrderedDict(b=nn.ReLU()))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.scope(self.conv(x))  # N×4×8×8
        return x + x
