"""net, made by archdsl VERSION: archdsl source net

266 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Mix(nn.Module):
    """The scope `a.mix` and 1 more."""

    def __init__(self, in_features, width):
        super().__init__()
        self.left = nn.Linear(in_features, width)
        self.right = nn.Linear(8, width)

    def forward(self, gate, x):
        left = self.left(gate)
        return left * self.right(x) + gate


class Unit(nn.Module):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, width):
        super().__init__()
        self.gate = nn.Linear(8, width)
        self.mix = Mix(width, width)
        self.end = nn.Linear(width, 8)

    def forward(self, x):
        x = self.mix(self.gate(x), x)
        return self.end(x)


class Both(nn.Module):
    """The scope `both`."""

    def __init__(self):
        super().__init__()
        self.left = nn.Linear(8, 2)
        self.right = nn.Linear(8, 2)

    def forward(self, a, b):
        a = self.left(a)  # N×5×2
        return a - self.right(b)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(3)
        self.b = Unit(4)
        self.both = Both()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.both(x, self.b(x))
