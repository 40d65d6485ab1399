"""net, made by archdsl VERSION: archdsl source net

2,024 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    last: torch.Tensor
    d: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(last,d)")


class Stage(nn.Module):
    """The block `stage`: `a` and 3 more."""

    def __init__(self, width, gated=False, skip=False):
        super().__init__()
        self.narrow = nn.Linear(16, width)
        self.norm0 = nn.LayerNorm(8) if gated else None
        self.deep0 = nn.Linear(8, 8) if gated else None
        self.norm1 = nn.LayerNorm(8) if gated else None
        self.deep1 = nn.Linear(8, 8) if gated else None
        self.scale = nn.Linear(8, 8) if gated else None
        layers: list[nn.Module] = [nn.ReLU()]
        if gated:
            layers.append(nn.Tanh())
        if gated:
            layers.append(nn.Linear(8, 8))
        self.list = nn.Sequential(*layers)
        self.wide = nn.Linear(width, 16)
        self.relu = nn.ReLU(inplace=True) if skip else None

    def forward(self, x, skip=None):
        x = self.narrow(x)
        if self.norm0 is not None:
            deep1 = self.deep1(self.norm1(self.deep0(self.norm0(x))))
            scale = self.scale(deep1)
            gate = x * torch.sigmoid(scale)
        else:
            gate = x
        wide = self.wide(self.list(gate))
        if self.relu is None:
            return wide
        return self.relu(wide.add_(skip))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Stage(8, gated=True)
        self.b = Stage(8)
        self.c = Stage(8, gated=True, skip=True)
        self.d = Stage(12, skip=True)
        self.last = nn.Linear(32, 4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, skip):
        n = x.shape[0]
        torch._assert(skip.shape[0] == n, "dimension 0 of `skip` does not fit")
        x = self.a(x)  # N×16
        c = self.c(self.b(x), skip)
        d = self.d(c, skip)
        last = self.last(torch.cat([d, x], dim=1))  # N×4
        return Outputs(last=last, d=d)
