"""net, made by archdsl VERSION: archdsl source net

360 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class A(nn.Module):
    """The block `unit`: `a`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.side = nn.Linear(8, 8)
        self.y = nn.Tanh()

    def forward(self, x):
        fc = self.fc(x)  # N×5×8
        side = self.side(x)
        y = self.y(fc)
        return y, side


class B(nn.Sequential):
    """The block `unit`: `b`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                fc=nn.Linear(8, 8),
                y=nn.Tanh(),
            )
        )


class C(nn.Module):
    """The block `unit`: `c`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.side = nn.Linear(8, 8)
        self.y = nn.Tanh()

    def forward(self, x):
        fc = self.fc(x)  # N×5×8
        x = self.side(x)
        return self.y(fc)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = A()
        self.b = B()
        self.c = C()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        y, side = self.a(x)
        c = self.c(self.b(y))  # N×5×8
        return c + side
