"""net, made by archdsl VERSION: archdsl source net

112 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Tower(nn.Module):
    """The block `tower`: `one` and 1 more."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, kernel_size=3, padding=1)

    def forward(self, x):
        x = self.conv(x).permute((0, 2, 3, 1)).flatten(1, 2)
        return (x * 2).mean(dim=1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Tower()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, a, b):
        n = a.shape[0]
        torch._assert(b.shape[0] == n, "dimension 0 of `b` does not fit")
        a = self.one(a)  # N×4
        return a + self.one(b)
