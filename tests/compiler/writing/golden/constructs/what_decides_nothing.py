"""net, made by archdsl VERSION: archdsl source net

623 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 2 more."""

    def __init__(self, in_features, k2, in_features2, wide=False):
        d = 2 * k2 if wide else 3 * k2
        layers: OrderedDict[str, nn.Module] = OrderedDict(
            one=nn.Linear(6, k2),
            two=nn.Linear(k2, k2),
            three=nn.Linear(k2, k2 + 1),
            four=nn.Linear(in_features, d),
        )
        if k2 > 2:
            layers["five"] = nn.Linear(d, 7)
        if k2 > 3:
            layers["six"] = nn.Linear(7, 7)
        if k2 > 2 and wide:
            layers["seven"] = nn.Linear(7, 5)
        layers.update(last=nn.Linear(in_features2, 6))
        super().__init__(layers)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(3, 2, in_features2=6)
        self.b = Unit(4, 3, in_features2=7)
        self.c = Unit(5, 4, in_features2=5, wide=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×4×6
        x = self.b(x)
        return self.c(x)
