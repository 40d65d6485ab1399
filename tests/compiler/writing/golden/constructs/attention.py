"""net, made by archdsl VERSION: archdsl source net

74 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    p: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,p)")


class Att(nn.Module):
    """The block `att`: `loop.a`."""

    def __init__(self):
        super().__init__()
        self.w = nn.Linear(4, 6)
        self.p = nn.Softmax(dim=-1)

    def forward(self, q, mem, mask):
        masked = torch.where(mask, torch.einsum("nm,nsm->ns", self.w(q), mem), -100)  # N×3
        p = self.p(masked)
        ctx = torch.einsum("ns,nsm->nm", p, mem)  # N×6
        return ctx, p


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.a = Att()
        self.next = nn.Linear(10, 4)

    def forward(self, x, h, mem, mask):
        h_t = h
        y = []
        p = []
        for x_t in x.unbind(1):
            ctx, p2 = self.a(h_t, mem, mask)
            next_ = self.next(torch.cat([x_t, ctx], dim=-1))  # N×4
            y.append(next_)
            p.append(p2)
            h_t = next_
        y = torch.stack(y, dim=1)
        p = torch.stack(p, dim=1)
        return y, p


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

    def forward(self, x, mem, mask):
        n, s, _ = mem.shape
        mask_n, mask_s = mask.shape
        torch._assert(n == x.shape[0], "dimension 0 of `mem` does not fit")
        torch._assert(mask_n == x.shape[0], "dimension 0 of `mask` does not fit")
        torch._assert(mask_s == s, "dimension 1 of `mask` does not fit")
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        y, p = self.loop(x, zeros, mem, mask)
        return Outputs(y=y, p=p)
