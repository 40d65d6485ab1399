"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    z: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,z)")


class Att(nn.Module):
    """The block `att`: `loop.att` and 2 more."""

    def __init__(self):
        super().__init__()
        self.f = nn.Linear(4, 4)

    def forward(self, x, h):
        return self.f(x).add_(h)


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.att = Att()

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            two = self.att(self.att(x_t, h_t), h_t)  # N×4
            y.append(two)
            h_t = two
        y = torch.stack(y, dim=1)
        return y, h_t


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        y, h = self.loop(x, zeros)
        third = self.loop.att(h, zeros)
        return Outputs(y=y, z=third)
