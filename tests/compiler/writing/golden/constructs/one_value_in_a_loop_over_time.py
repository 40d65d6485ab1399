"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    out: torch.Tensor
    h: torch.Tensor
    g: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(out,h,g)")


class Cell(nn.Module):
    """The block `cell`: `rnn`."""

    def forward(self, x, h):
        h_t = h
        g_t = h
        s = []
        t = []
        u = []
        for x_t in x.unbind(1):
            next_ = torch.tanh(x_t + h_t * g_t)  # N×4
            s.append(next_)
            t.append(next_)
            u.append(next_)
            h_t, g_t = next_, next_
        s = torch.stack(s, dim=1)
        t = torch.stack(t, dim=1)
        u = torch.stack(u, dim=1)
        return s, t, u, h_t, g_t


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.rnn = Cell()

    def forward(self, x, y):
        n, t2, _ = x.shape
        y_n, t3, _ = y.shape
        torch._assert(y_n == n, "dimension 0 of `y` does not fit")
        torch._assert(t3 == t2, "dimension 1 of `y` does not fit")
        zeros = torch.full((n, 4), 0, dtype=x.dtype, device=x.device)  # N×4
        s, t, u, h, g = self.rnn(x, zeros)
        out = s + t * u + h.unsqueeze(1) + y  # N×5×4
        return Outputs(out=out, h=h, g=g)
