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
    table: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(out,table)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.norm = nn.LayerNorm(6, elementwise_affine=False)

    def forward(self, x, place):
        n, t, _ = x.shape
        place_n, place_t = place.shape
        torch._assert(place_n == n, "dimension 0 of `place` does not fit")
        torch._assert(place_t == t, "dimension 1 of `place` does not fit")
        i = torch.arange(3, dtype=torch.float64, device=x.device)
        frequencies = 1.0 / 10000 ** (2 * i / 6).to(torch.float32)
        given = place.unsqueeze(2) * frequencies  # N×5×3
        t2 = torch.arange(t, dtype=torch.float64, device=x.device)[:, None]
        places = t2.to(torch.float32)  # T×1
        own = (
            places * frequencies * places.shape[0] ** 0.5
            + torch.log(torch.full((), places.shape[0], dtype=torch.float64, device=x.device)).to(
                torch.float32
            )
        )  # T×3
        sum_ = given.add_(own)  # N×5×3
        chosen = torch.where(sum_ > 1, torch.clamp(torch.sin(sum_), min=0.1), torch.cos(sum_))
        table = torch.cat([chosen, chosen], dim=2)  # N×5×6
        cast = table.to(x.dtype)
        out = self.norm(x.float()).to(x.dtype) + cast
        return Outputs(out=out, table=table)
