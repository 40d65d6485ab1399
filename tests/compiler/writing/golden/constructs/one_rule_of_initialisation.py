"""net, made by archdsl VERSION: archdsl source net

211 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Unit(nn.Sequential):
    """The block `unit`: `a` and 1 more."""

    def __init__(self, bias=False):
        super().__init__(
            OrderedDict(
                one=nn.Linear(8, 8, bias=bias),
                norm=nn.LayerNorm(8),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(bias=True)
        self.b = Unit()
        self.table = nn.Parameter(torch.empty(8))
        self.plain = nn.Parameter(torch.empty(8))
        self.fc = nn.Linear(8, 3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.uniform_(self.table, a=-1, b=1)
        nn.init.zeros_(self.plain)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.LayerNorm):
                module.reset_parameters()
                nn.init.constant_(module.weight, val=0.5)
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        x = self.b(x)
        return self.fc(x * self.table + self.plain)
