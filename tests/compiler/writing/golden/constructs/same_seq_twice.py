"""net, made by archdsl VERSION: archdsl source net

80 parameters. Shapes in comments are those of the sample input.
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

    def forward(self, x):
        y = []
        for x_t, h_t in zip(x.unbind(1), x.unbind(1)):
            a = self.a(x_t)  # N×4
            act = self.act(a.add_(self.b(h_t)))
            next_ = self.next(act)
            y.append(next_)
        y = torch.stack(y, dim=1)
        return y


class Step2(nn.Module):
    """The block `step`: `cap`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
        self.next = nn.Tanh()

    def forward(self, x, h):
        y = []
        for x_t in x.unbind(1):
            a = self.a(x_t)  # N×4
            act = self.act(a.add_(self.b(h)))
            next_ = self.next(act)
            y.append(next_)
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()
        self.cap = Step2()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        loop = self.loop(x)  # N×5×4
        cap = self.cap(x, zeros)
        return Outputs(y=loop, z=cap)
