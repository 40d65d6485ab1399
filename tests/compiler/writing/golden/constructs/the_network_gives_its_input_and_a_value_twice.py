"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    x: torch.Tensor
    a: torch.Tensor
    again: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(x,a,again)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = nn.ReLU()

    def forward(self, x):
        a = self.a(x)  # N×3×8×8
        return Outputs(x=x, a=a, again=a)
