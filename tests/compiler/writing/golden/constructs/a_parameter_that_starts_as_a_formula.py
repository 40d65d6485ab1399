"""net, made by archdsl VERSION: archdsl source net

32 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Scaled(nn.Module):
    """The block `scaled`: `a` and 1 more."""

    def __init__(self, base=1):
        super().__init__()
        self.base = base
        self.weight = nn.Parameter(torch.empty(2, 8))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        i = torch.arange(2, dtype=torch.float64)[:, None]
        j = torch.arange(8, dtype=torch.float64)
        self.weight.copy_(torch.log(j + self.base) * (i - 1))

    def forward(self, x):
        return x * self.weight[0]


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Scaled()
        self.b = Scaled(base=3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.b(x)
