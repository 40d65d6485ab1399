"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Both(nn.Module):
    """The block `both`: `both`."""

    def forward(self, a, b):
        torch._assert(b.shape[1] == a.shape[1], "dimension 1 of `b` does not fit")
        torch._assert(a.shape[-2] == b.shape[-2], "dimension -2 does not fit")
        return a + b


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.both = Both()

    def forward(self, x, y):
        torch._assert(y.shape[0] == x.shape[0], "dimension 0 of `y` does not fit")
        return self.both(x, y)
