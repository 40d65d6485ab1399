"""net, made by archdsl VERSION: archdsl source net

40 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    z: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,z)")


class L1(nn.Module):
    """The block `step`: `l1`."""

    def forward(self, x, h, w, b):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            next_ = F.linear(x_t, w, bias=b).add_(h_t)  # N×4
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class L2(nn.Module):
    """The block `step`: `l2`."""

    def forward(self, x, h, w, b):
        h_t = h
        y = []
        for x_t in reversed(x.unbind(1)):
            next_ = F.linear(x_t, w, bias=b).add_(h_t)  # N×4
            y.append(next_)
            h_t = next_
        y = torch.stack(y[::-1], dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.W = nn.Parameter(torch.empty(4, 4))
        self.B = nn.Parameter(torch.empty(4))
        self.fc = nn.Linear(4, 4)
        self.l1 = L1()
        self.l2 = L2()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.normal_(self.W)
        nn.init.normal_(self.B)
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        n = x.shape[0]
        zeros = torch.full((n, 4), 0, dtype=x.dtype, device=x.device)  # N×4
        x = self.fc(x)  # N×5×4
        l1 = self.l1(x, zeros, self.W, self.B)
        l2 = self.l2(x, zeros, self.fc.weight, self.fc.bias)
        return Outputs(y=l1, z=l2)
