"""net, made by archdsl VERSION: archdsl source net

694 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b)")


class Head(nn.Module):
    """The block `head`: `a` and 1 more."""

    def __init__(self, dim, k2):
        super().__init__()
        self.gain = nn.Parameter(torch.empty(k2))
        self.fc = nn.Linear(16 * dim, k2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(self.gain)

    def forward(self, x):
        return self.fc(x.flatten(1)) * self.gain


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 5, kernel_size=1)
        self.a = Head(3, 2)
        self.b = Head(5, 7)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        conv = self.conv(x)  # N×5×4×4
        a = self.a(x)  # N×2
        b = self.b(conv)  # N×7
        return Outputs(a=a, b=b)
