"""net, made by archdsl VERSION: archdsl source net

443 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 2 more."""

    def __init__(self, out, activation):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(3, out, kernel_size=3, padding=1),
                act=activation(),
                last=nn.Conv2d(out, 3, kernel_size=1),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(4, nn.ReLU)
        self.b = Unit(5, nn.SiLU)
        self.c = Unit(5, nn.Sigmoid)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×3×8×8
        x = self.b(x)
        return self.c(x)
