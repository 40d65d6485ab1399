"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    c: torch.Tensor
    d: torch.Tensor
    e: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(c,d,e)")


class Net(nn.Module):
    """The network `net`."""

    def forward(self, x, y):
        torch._assert(y.shape[0] == x.shape[0], "dimension 0 of `y` does not fit")
        a = (
            torch.clamp(torch.maximum(x, y), max=1)
            + torch.minimum(torch.clamp(x, min=-1), y)
            + torch.maximum(y, x)
            + torch.clamp(y, max=0.5)
        )  # N×4
        b = (
            torch.clamp(torch.clamp(torch.maximum(x, y), min=0.1), min=0.2)
            + torch.clamp(torch.minimum(x, y), max=1)
            + torch.clamp(x, min=1)
        )
        c = torch.minimum(torch.clamp(x, min=0.5), y) + torch.abs(x) ** 2**y - (x - (y - a)) * (b + 1) / 2
        d = torch.where(~((x > 0) & (y > 0) | (x != y)), -x**2, torch.where(b != 0, a, c))
        e = (
            torch.log(x * x + 1) / 0.6931471805599453
            + torch.log(y * y + 1) / 2.302585092994046
            + torch.round(x, decimals=2)
            + x % (y + 3)
        )
        return Outputs(c=c, d=d, e=e)
