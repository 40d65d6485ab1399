"""net, made by archdsl VERSION: archdsl source net

408 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class A(nn.Module):
    """The block `unit`: `a`."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8), nn.LayerNorm(8), nn.ReLU(inplace=True)
        )

    def forward(self, x):
        return self.body(x) + x


class B(nn.Module):
    """The block `unit`: `b`."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(8, 8),
            nn.ReLU(),
            nn.Linear(8, 8),
            nn.LayerNorm(8),
            nn.ReLU(inplace=True),
            nn.Linear(8, 8),
            nn.LayerNorm(8),
            nn.ReLU(inplace=True),
        )

    def forward(self, x):
        return self.body(x) + x


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
