"""net, made by archdsl VERSION: archdsl source net

15 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    g: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,g)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.b = nn.Tanh()
        self.g = nn.Linear(4, 3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        a = x.unbind(1)[0]  # N×4
        b = self.b(a)
        e = (b.split(4, dim=1)[0] * 2).chunk(1, dim=-1)[0]
        g = self.g(e.tensor_split(1, dim=1)[0])  # N×3
        return Outputs(a=a, g=g)
