"""net, made by archdsl VERSION: archdsl source net

60 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 2 more."""

    def __init__(self, skip=True):
        super().__init__()
        self.skip = skip
        self.fc = nn.Linear(4, 4)

    def forward(self, x, skip=None, *, more):
        l = x.shape[1]
        x = self.fc(x)
        x = F.pad(x, (0, 0, more, 0))
        cut = x.narrow(1, 0, l)
        if not self.skip:
            return x
        return cut + skip


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(skip=False)
        self.b = Unit()
        self.c = Unit()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        t = x.shape[1]
        x = self.a(x.mean(dim=(1,), keepdim=True), more=t)  # N×7×4
        return self.c(self.b(x, x, more=t // 2), x, more=2)
