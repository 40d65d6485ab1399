"""net, made by archdsl VERSION: archdsl source net

197 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `unit`."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(8, 4), nn.Linear(4, 5), nn.Linear(5, 8)])

    def forward(self, x):
        layers0 = self.layers[0](x)  # N×5×4
        layers1 = self.layers[1](layers0)  # N×5×5
        layers2 = self.layers[2](layers1)  # N×5×8
        return layers2, layers0, layers1


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.unit = Unit()
        self.a = nn.Linear(4, 8)
        self.b = nn.Linear(5, 8)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        unit, layers0, layers1 = self.unit(x)
        a = self.a(layers0)  # N×5×8
        return unit + a * self.b(layers1)
