"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    e: torch.Tensor
    f: torch.Tensor
    g: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(e,f,g)")


class Net(nn.Module):
    """The network `net`."""

    def forward(self, x, y):
        torch._assert(y.shape[0] == x.shape[0], "dimension 0 of `y` does not fit")
        a = -(x - y) ** 2 / (3 + torch.abs(y)) - (x - (y - 1))  # N×4
        b = torch.where(
            (x > y) & ~(y > 0),
            a,
            torch.clamp(torch.minimum(x, y), max=0.5) + (x > 0).long() * 2 + (y > 0).long(),
        )
        c = (
            torch.clamp(b, min=-1, max=1)
            + torch.sigmoid(x) * torch.tanh(y)
            + F.relu(x)
            + F.gelu(y)
            + F.silu(x)
            + F.softplus(y)
            + torch.erf(x)
        )
        d = (
            torch.sqrt(torch.abs(c))
            + torch.exp(-torch.abs(x))
            + torch.log(1 + torch.abs(y))
            + torch.sign(x)
            + torch.floor(y)
            + torch.maximum(x, y)
            + torch.rsqrt(1 + x * x)
        )
        e = d % 2 + torch.round(x) + 2**y - torch.where((x < 0) & (0 <= y), 0, 1)
        f = x // 0.5 >= y
        g = torch.where(
            (x > 0) != (y > 0),
            x,
            (((x > 1) == (y > 1)) & ((y > 1) == (x > y))).long() + ((x > 0).long() < (y > 0).long()).long(),
        )
        return Outputs(e=e, f=f, g=g)
