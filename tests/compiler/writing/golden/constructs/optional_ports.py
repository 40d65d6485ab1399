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
    """The block `step`: `l1` and 1 more."""

    def __init__(self):
        super().__init__()
        self.n = nn.Linear(4, 4)

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            next_ = self.n(x_t).add_(h_t)
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.l1 = Step()
        self.l2 = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        l1 = self.l1(x, zeros)  # N×5×4
        l2 = self.l2(x, zeros)
        return Outputs(y=l1, z=l2)
