"""net, made by archdsl VERSION: archdsl source net

190 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 2 more."""

    def __init__(self, dim, heads, wide=False):
        super().__init__()
        self.register_buffer("table", torch.empty(3, 2))
        self.start = nn.Parameter(torch.empty(3))
        self.mlp = nn.Sequential(nn.Linear(2, 4), nn.ReLU(inplace=True), nn.Linear(4, heads))
        self.own = nn.Sequential(nn.Tanh(), nn.Linear(3, 5)) if wide else None
        self.linear = nn.Linear(dim, heads)
        self.cat = nn.Linear(4, 5) if wide else None
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        i = torch.arange(3, dtype=torch.float64)[:, None]
        j = torch.arange(2, dtype=torch.float64)
        self.table.copy_(i - j)
        nn.init.normal_(self.start)

    def forward(self, x):
        mlp = self.mlp(self.table)
        if self.own is not None:
            own = self.own(self.start)
        sum_ = mlp.mean(dim=0)
        scaled = self.linear(x) * sum_
        if self.cat is None:
            return scaled
        return self.cat(scaled) + own


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit(8, 3)
        self.b = Unit(3, 4, wide=True)
        self.c = Unit(5, 2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×3
        x = self.b(x)  # N×5×5
        return self.c(x)
