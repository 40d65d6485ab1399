"""net, made by archdsl VERSION: archdsl source net

432 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    total: torch.Tensor
    rest: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(total,rest)")


class Halves(nn.Module):
    """The block `halves`: `one` and 2 more."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 16)
        self.act = nn.Tanh()

    def forward(self, x):
        left, right = self.fc(x).chunk(2, dim=-1)
        act = self.act(left)
        return act, right


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.one = Halves()
        self.two = Halves()
        self.three = Halves()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        a, b = self.one(x)
        _, two = self.two(a)  # N×5×8
        a, b2 = self.three(two)
        sum_ = b + a
        return Outputs(total=sum_, rest=b2)
