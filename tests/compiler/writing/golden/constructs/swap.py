"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
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
    d: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b,c,d)")


class Step(nn.Module):
    """The block `step`: `loop`."""

    def forward(self, x, a, b):
        a_t = a
        b_t = b
        c = []
        d = []
        for x_t in x.unbind(1):
            s = a_t + x_t  # N×4
            c.append(b_t)
            d.append(s)
            a_t, b_t = b_t, s
        c = torch.stack(c, dim=1)
        d = torch.stack(d, dim=1)
        return c, d, a_t, b_t


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        ones = torch.full((x.shape[0], 4), 1, dtype=x.dtype, device=x.device)
        c, d, a, b = self.loop(x, zeros, ones)
        return Outputs(a=a, b=b, c=c, d=d)
