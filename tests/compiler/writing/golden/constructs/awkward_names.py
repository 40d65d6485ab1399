"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor
    c: torch.Tensor
    h: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b,c,h)")


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.h_t = nn.Linear(4, 4)

    def forward(self, x, h):
        h_t = h
        y = []
        x2 = []
        self2 = []
        for x_t in x.unbind(1):
            h_t2 = self.h_t(x_t)  # N×4
            y2 = (h_t2 + h_t) * x_t
            zip_ = y2 + h_t2
            range_ = zip_ + h_t
            y.append(y2)
            x2.append(zip_)
            self2.append(range_)
            h_t = range_
        y = torch.stack(y, dim=1)
        x2 = torch.stack(x2, dim=1)
        self2 = torch.stack(self2, dim=1)
        return y, x2, self2, h_t


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
        y, x2, self2, h = self.loop(x, zeros)
        return Outputs(a=y, b=x2, c=self2, h=h)
