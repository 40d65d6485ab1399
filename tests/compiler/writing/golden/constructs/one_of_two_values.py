"""net, made by archdsl VERSION: archdsl source net

288 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Inner(nn.Module):
    """The block `inner`: `a.inner` and 1 more."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)

    def forward(self, x):
        a = self.a(x)
        b = self.b(a)
        return b, a


class A(nn.Module):
    """The block `outer`: `a`."""

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.out = nn.Tanh()

    def forward(self, x):
        inner, _ = self.inner(x)  # N×5×8
        return self.out(inner)


class B(nn.Module):
    """The block `outer`: `b`."""

    def __init__(self):
        super().__init__()
        self.inner = Inner()
        self.out = nn.Tanh()

    def forward(self, x):
        _, inner = self.inner(x)  # N×5×8
        return self.out(inner)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = A()
        self.b = B()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.b(x)
