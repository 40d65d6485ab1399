"""net, made by archdsl VERSION: archdsl source net

56 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class First(nn.Sequential):
    """The block `first`: `one`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                fc=nn.Linear(8, 4),
                act=nn.Tanh(),
            )
        )


class Pick(nn.Sequential):
    """The block `pick`: `two`."""

    def __init__(self):
        super().__init__(OrderedDict(fc=nn.Linear(4, 4)))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = First()
        self.two = Pick()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.one(x)  # N×5×4
        return self.two(x)
