"""net, made by archdsl VERSION: archdsl source net

8 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Owns(nn.Module):
    """The block `owns`: `one` and 1 more."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.empty(4))
        self.register_buffer("c", torch.empty(4), persistent=False)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.normal_(self.w)
        i = torch.arange(4, dtype=torch.float64)
        self.c.copy_(i + 1)

    def forward(self, x):
        return x * self.w


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Owns()
        self.two = Owns()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, y):
        n, t, _ = x.shape
        y_n, y_t, _ = y.shape
        torch._assert(y_n == n, "dimension 0 of `y` does not fit")
        torch._assert(y_t == t, "dimension 1 of `y` does not fit")
        x = self.one(x)  # N×5×4
        return x * self.two.w + x * self.two.w + self.two(y) + self.two.c + self.one.c
