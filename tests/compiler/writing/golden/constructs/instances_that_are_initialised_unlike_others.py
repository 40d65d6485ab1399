"""net, made by archdsl VERSION: archdsl source net

486 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 2 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                one=nn.Linear(8, 8),
                two=nn.Linear(8, 8),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit()
        self.b = Unit()
        self.c = Unit()
        self.embed = nn.Linear(8, 6)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Linear):
                module.reset_parameters()
                nn.init.normal_(module.weight, std=0.02)
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()
        nn.init.ones_(self.embed.bias)
        nn.init.zeros_(self.a.two.weight)
        nn.init.ones_(self.a.two.bias)
        nn.init.ones_(self.c.one.weight)

    def forward(self, x):
        x = self.a(x)  # N×5×8
        x = self.b(x)
        x = self.c(x)
        return self.embed(x)
