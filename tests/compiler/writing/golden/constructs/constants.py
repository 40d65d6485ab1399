"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Table(nn.Module):
    """The block `table`: `one` and 1 more."""

    def __init__(self, size):
        super().__init__()
        self.size = size
        self.register_buffer("rows", torch.empty(size, size), persistent=False)
        self.register_buffer("kept", torch.empty(size, dtype=torch.int64))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        i = torch.arange(self.rows.shape[0], dtype=torch.float64)[:, None]
        j = torch.arange(self.rows.shape[1], dtype=torch.float64)
        self.rows.copy_((i // 2 >= 1).long() + (j >= 2).long() - i * j / self.size)
        i = torch.arange(self.kept.shape[0], dtype=torch.float64)
        self.kept.copy_(i * 3 % self.size)

    def forward(self, x):
        total = self.rows.index_select(0, self.kept).sum(dim=(0, 1))
        return x * total


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Table(4)
        self.two = Table(6)
        self.register_buffer("part", torch.empty(8), persistent=False)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        self.part.fill_(0.5)
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×5×8
        x = self.two(x)
        return x.add_(self.part)
