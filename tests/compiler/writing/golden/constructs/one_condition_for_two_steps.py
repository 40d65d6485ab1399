"""net, made by archdsl VERSION: archdsl source net

288 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, kind=1):
        super().__init__()
        self.has_scaled = kind > 1
        self.fc = nn.Linear(8, 8)
        self.act = nn.Tanh()
        self.last = nn.Linear(8, 8)

    def forward(self, x):
        x = self.fc(x)
        if self.has_scaled:
            x = x * 0.5
        x = self.act(x)
        if self.has_scaled:
            x = x + 1
        return self.last(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit()
        self.b = Unit(kind=2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.b(x)
