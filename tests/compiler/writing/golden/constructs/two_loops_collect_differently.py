"""net, made by archdsl VERSION: archdsl source net

160 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    h: torch.Tensor
    p: torch.Tensor
    q: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,h,p,q)")


class Step(nn.Module):
    """The block `step`: `l1`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
        self.next = nn.Tanh()

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            a = self.a(x_t)  # N×4
            act = self.act(a.add_(self.b(h_t)))
            next_ = self.next(act)
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y, h_t


class L2(nn.Module):
    """The block `step`: `l2`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.next = nn.Tanh()

    def forward(self, x, h):
        h_t = h
        y = []
        p = []
        for x_t in x.unbind(1):
            a = self.a(x_t)  # N×4
            sum_ = a.add_(self.b(h_t))
            act = self.act(sum_)
            next_ = self.next(act)
            y.append(next_)
            p.append(sum_)
            h_t = next_
        y = torch.stack(y, dim=1)
        p = torch.stack(p, dim=1)
        return y, p, h_t


class L3(nn.Module):
    """The block `step`: `l3`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.next = nn.Tanh()

    def forward(self, x, h):
        h_t = h
        y = []
        p = []
        for x_t in reversed(x.unbind(1)):
            a = self.a(x_t)  # N×4
            sum_ = a.add_(self.b(h_t))
            act = self.act(sum_)
            next_ = self.next(act)
            y.append(next_)
            p.append(sum_)
            h_t = next_
        y = torch.stack(y[::-1], dim=1)
        p = torch.stack(p[::-1], dim=1)
        return p, h_t


class Step2(nn.Module):
    """The block `step`: `l4`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU()
        self.next = nn.Tanh()

    def forward(self, x, h):
        y = []
        p = []
        for x_t in x.unbind(1):
            a = self.a(x_t)  # N×4
            sum_ = a.add_(self.b(h))
            act = self.act(sum_)
            next_ = self.next(act)
            y.append(next_)
            p.append(sum_)
        y = torch.stack(y, dim=1)
        p = torch.stack(p, dim=1)
        return y, p


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.l1 = Step()
        self.l2 = L2()
        self.l3 = L3()
        self.l4 = Step2()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        y, h = self.l1(x, zeros)
        y, p, h = self.l2(y, h)
        p2, h2 = self.l3(y, h)
        y, p2 = self.l4(p2, h)
        return Outputs(y=y, h=h2, p=p, q=p2)
