"""net, made by archdsl VERSION: archdsl source net

72 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, dim):
        super().__init__(
            OrderedDict(
                norm=nn.LayerNorm(dim),
                act=nn.ReLU(inplace=True),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit((2, 3, 4))
        self.b = Unit((3, 4))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×2×3×4
        return self.b(x)
