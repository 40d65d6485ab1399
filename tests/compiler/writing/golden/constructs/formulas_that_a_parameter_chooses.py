"""net, made by archdsl VERSION: archdsl source net

216 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class A(nn.Module):
    """The block `unit`: `a`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        return F.gelu(self.fc(x))


class Unit(nn.Module):
    """The block `unit`: `b` and 1 more."""

    def __init__(self, base):
        super().__init__()
        self.base = base
        self.fc = nn.Linear(8, 8)

    def forward(self, x):
        x = self.fc(x)
        return x * self.base


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = A()
        self.b = Unit(2)
        self.c = Unit(3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        x = self.b(x)
        return self.c(x)
