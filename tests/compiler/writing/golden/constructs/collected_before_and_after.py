"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
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
    e: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b,c,d,e)")


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.n = nn.Linear(4, 4)

    def forward(self, x, h):
        h_t = h
        after = []
        before = []
        raw = []
        seen = []
        for x_t in x.unbind(1):
            n = self.n(x_t)  # N×4
            next_ = n + h_t
            after.append(next_)
            before.append(h_t)
            raw.append(n)
            seen.append(x_t)
            h_t = next_
        after = torch.stack(after, dim=1)
        before = torch.stack(before, dim=1)
        raw = torch.stack(raw, dim=1)
        seen = torch.stack(seen, dim=1)
        return after, before, raw, seen, h_t


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        after, before, raw, seen, h = self.loop(x, zeros)
        return Outputs(a=after, b=before, c=raw, d=h, e=seen)
