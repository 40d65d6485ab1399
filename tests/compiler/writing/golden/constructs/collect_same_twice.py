"""net, made by archdsl VERSION: archdsl source net

40 parameters. Shapes in comments are those of the sample input.
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


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
        self.next = nn.Tanh()

    def forward(self, x, h):
        h_t = h
        y = []
        z = []
        for x_t in x.unbind(1):
            a = self.a(x_t)  # N×4
            act = self.act(a.add_(self.b(h_t)))
            next_ = self.next(act)
            y.append(next_)
            z.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        z = torch.stack(z, dim=1)
        return y, z


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
        y, z = self.loop(x, zeros)
        return Outputs(y=y, z=z)
