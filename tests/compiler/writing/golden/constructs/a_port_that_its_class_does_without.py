"""net, made by archdsl VERSION: archdsl source net

24 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class B(nn.Module):
    """The block `b`: `b`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(2, 4)

    def forward(self, z):
        k = z.unflatten(2, (1, -1))  # N×5×1×2
        return self.a(z)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.unread = nn.Linear(2, 4)
        self.b = B()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        unread = self.unread(x)  # N×5×4
        return self.b(x)
