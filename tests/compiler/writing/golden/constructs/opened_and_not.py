"""net, made by archdsl VERSION: archdsl source net

120 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    z: torch.Tensor
    w: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,z,w)")


class Step(nn.Module):
    """The block `step`: `l1` and 2 more."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
        self.next = nn.Tanh()

    def forward(self, x, h, steps):
        h_t = h
        y = []
        for _ in range(steps):
            a = self.a(x)
            act = self.act(a.add_(self.b(h_t)))
            next_ = self.next(act)
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
        self.l3 = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        n, t, _ = x.shape
        zeros = torch.full((n, 4), 0, dtype=x.dtype, device=x.device)  # N×4
        x = x[:, 0]
        l1 = self.l1(x, zeros, t)  # N×5×4
        l2 = self.l2(x, zeros, 3)  # N×3×4
        l3 = self.l3(x, zeros, 2 * t)  # N×10×4
        return Outputs(y=l1, z=l2, w=l3)
