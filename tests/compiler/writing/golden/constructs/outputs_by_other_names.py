"""net, made by archdsl VERSION: archdsl source net

288 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Inner(nn.Module):
    """The block `inner`: `one.inner`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)
        self.c = nn.Tanh()

    def forward(self, x):
        a = self.a(x)  # N×5×8
        b = self.b(a)
        c = self.c(b)
        return a, b, c


class Inner2(nn.Module):
    """The block `inner`: `two.inner`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(8, 8)
        self.b = nn.Linear(8, 8)

    def forward(self, x):
        a = self.a(x)  # N×5×8
        b = self.b(a)
        return a, b


class One(nn.Module):
    """The block `outer`: `one`."""

    def __init__(self):
        super().__init__()
        self.inner = Inner()

    def forward(self, x):
        first, second, third = self.inner(x)
        return (first + third).add_(second)


class Two(nn.Module):
    """The block `outer`: `two`."""

    def __init__(self):
        super().__init__()
        self.inner = Inner2()

    def forward(self, x):
        first, second = self.inner(x)
        return first + second


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = One()
        self.two = Two()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×5×8
        return self.two(x)
