"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 1 more."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.Tanh()

    def forward(self, x, more):
        x = self.fc(x)
        return self.act(F.pad(x, (0, 0, 0, more)))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, y):
        n = x.shape[0]
        y_n, s, _ = y.shape
        torch._assert(y_n == n, "dimension 0 of `y` does not fit")
        x = self.a(x, s)  # N×11×4
        b = self.a(y, s)  # N×10×4
        x = x.mean(dim=(1,))  # N×4
        return x + b.mean(dim=(1,))
