"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

import math
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor
    f: torch.Tensor
    g: torch.Tensor
    h: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b,f,g,h)")


class Net(nn.Module):
    """The network `net`."""

    def forward(self, x, y):
        n, t = x.shape
        y_n, y_t = y.shape
        torch._assert(y_n == n, "dimension 0 of `y` does not fit")
        torch._assert(y_t == t, "dimension 1 of `y` does not fit")
        a = (x > 0).long() + (y > 1).long() * 2 - x * t  # N×4
        b = torch.where(
            y > 2,
            torch.log(torch.abs(x) + 2) / 1.0986122886681098,
            x
            + (torch.log(torch.full((), t, dtype=torch.float64, device=x.device)) / 0.6931471805599453).to(
                x.dtype
            ),
        )
        c = y.to(x.dtype)
        e = c.double().to(x.dtype)
        f = torch.where(
            ~(y == 1),
            e * 3.141592653589793
            + torch.clamp(torch.full((), e.shape[1], dtype=torch.float64, device=x.device), max=3).to(torch.int64) * c
            - torch.clamp(x, min=2) / torch.sqrt(torch.full((), e.shape[1] * 1.0, dtype=torch.float64, device=x.device)).to(x.dtype),
            math.inf,
        )
        g = x == y
        h = x**-2
        return Outputs(a=a, b=b, f=f, g=g, h=h)
