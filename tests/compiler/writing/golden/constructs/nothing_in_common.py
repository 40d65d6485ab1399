"""net, made by archdsl VERSION: archdsl source net

124 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 3 more."""

    def __init__(self, dim, kind, activation):
        super().__init__()
        self.has_six = kind == 3
        self.one = nn.Linear(dim, 4)
        self.two = activation()
        self.three = nn.LayerNorm(4) if kind == 1 else None
        self.four = nn.Linear(4, 4) if kind == 2 else None

    def forward(self, x):
        x = self.one(x)
        two = self.two(x)
        if self.three is not None:
            three = self.three(two)
        if self.four is not None:
            four = self.four(two)
            five = four * x
        else:
            five = two
        if not self.has_six:
            return five
        return two.permute((0, 2, 1)).permute((0, 2, 1))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(8, 0, activation=nn.Tanh)
        self.b = Unit(4, 1, activation=nn.ReLU)
        self.c = Unit(4, 2, activation=nn.ReLU)
        self.d = Unit(4, 3, activation=nn.Sigmoid)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×4
        x = self.b(x)
        x = self.c(x)
        return self.d(x)
