"""net, made by archdsl VERSION: archdsl source net

120 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Tower(nn.Sequential):
    """The block `tower`: `tower` and 1 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                fc=nn.Linear(6, 6),
                act=nn.Tanh(),
                norm=nn.LayerNorm(6),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.tower = Tower()
        self.decode = nn.Linear(6, 11, bias=False)
        self.decode.weight = self.embed.weight
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        self.decode.weight = self.embed.weight
        for module in self.modules():
            if module is self.decode:
                continue
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, a, b):
        n, t = a.shape
        b_n, b_t = b.shape
        torch._assert(b_n == n, "dimension 0 of `b` does not fit")
        torch._assert(b_t == t, "dimension 1 of `b` does not fit")
        a = self.tower(self.embed(a))  # N×4×6
        other = self.tower(self.embed(b))
        distance = torch.abs(a - other)
        back = torch.matmul(self.decode(distance) * 2, self.embed.weight)
        return back.add_(distance)
