"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    h: torch.Tensor
    c: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,h,c)")


class Step(nn.Module):
    """The block `step`: `loop` and 1 more."""

    def __init__(self, dim=0):
        super().__init__()
        self.dim = dim

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(self.dim):
            next_ = x_t * 0.5 + h_t
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=self.dim)
        return y, h_t


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()
        self.cols = Step(dim=-1)

    def forward(self, x):
        t, n, _ = x.shape
        zeros = torch.full((n, 4), 0, dtype=x.dtype, device=x.device)  # N×4
        col = torch.full((t, n), 1, dtype=x.dtype, device=x.device)  # T×1
        y, h = self.loop(x, zeros)
        cols, _ = self.cols(x, col)  # T×1×4
        return Outputs(y=y, h=h, c=cols)
