"""net, made by archdsl VERSION: archdsl source net

320 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 3 more."""

    def __init__(self, mask=False, shift=False):
        super().__init__()
        self.mask = mask
        self.shift = shift
        self.scale = nn.Parameter(torch.empty(8))
        self.linear = nn.Linear(8, 8)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.normal_(self.scale)

    def forward(self, x):
        if self.mask:
            masked = self.scale * 2
        else:
            masked = self.scale
        if self.shift:
            x = torch.roll(x, shifts=1, dims=1)
        if self.mask:
            x = torch.roll(x, shifts=1, dims=2)
        return self.linear(x) * masked


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit()
        self.b = Unit(mask=True)
        self.c = Unit(shift=True)
        self.d = Unit(mask=True, shift=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        x = self.b(x)
        x = self.c(x)
        return self.d(x)
