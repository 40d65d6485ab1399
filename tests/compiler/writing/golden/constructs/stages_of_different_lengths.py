"""net, made by archdsl VERSION: archdsl source net

252 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Stage(nn.Sequential):
    """The block `stage`: `a` and 2 more."""

    def __init__(self, dim, depth, out):
        super().__init__(
            OrderedDict(layers=nn.Sequential(*[nn.Linear(dim if k == 0 else out, out) for k in range(depth)]))
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Stage(8, 1, out=4)
        self.b = Stage(4, 3, out=4)
        self.c = Stage(4, 4, out=6)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×4
        x = self.b(x)
        return self.c(x)
