"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def forward(self, x, y):
        torch._assert(x.shape[-2] == y.shape[-2], "dimension -2 does not fit")
        return (x + y) * x
