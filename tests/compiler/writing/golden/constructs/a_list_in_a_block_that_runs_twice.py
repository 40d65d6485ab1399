"""net, made by archdsl VERSION: archdsl source net

24 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class B(nn.Module):
    """The block `b`: `once` and 1 more."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 3), nn.ReLU(inplace=True))
        self.y = nn.Linear(3, 3)

    def forward(self, x):
        x = self.layers(x)
        return self.y(x).add_(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.once = B()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.once(x)  # N×3
        return self.once(x)
