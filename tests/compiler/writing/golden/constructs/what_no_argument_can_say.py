"""net, made by archdsl VERSION: archdsl source net

360 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class A(nn.Sequential):
    """The block `unit`: `a`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                a=nn.Linear(8, 8),
                act=nn.ReLU(),
            )
        )


class B(nn.Module):
    """The block `unit`: `b`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.b(self.a(x))  # N×5×8
        act = self.act(x)
        return (act * 2).add_(x)


class C(nn.Module):
    """The block `unit`: `c`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.c = nn.LeakyReLU(negative_slope=0.2)
        self.act = nn.LeakyReLU(negative_slope=0.2)

    def forward(self, x):
        x = self.a(x)  # N×5×8
        c = self.c(x)
        d = c + x
        act = self.act(d)
        return (act * 2).add_(d)


class D(nn.Module):
    """The block `unit`: `d`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.c = nn.ELU(alpha=0.5)
        self.act = nn.ELU(alpha=0.5)

    def forward(self, x):
        x = self.a(x)  # N×5×8
        c = self.c(x)
        d = c + x
        act = self.act(d)
        return (act * 2).add_(d)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = A()
        self.b = B()
        self.c = C()
        self.d = D()
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
