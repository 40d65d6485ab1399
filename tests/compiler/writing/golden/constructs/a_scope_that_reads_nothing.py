"""net, made by archdsl VERSION: archdsl source net

174 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    out: torch.Tensor
    cat: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(out,cat)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 6)
        self.places = nn.ModuleDict({"embed": nn.Embedding(20, 6)})
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, tokens):
        t = tokens.shape[1]
        tokens = self.embed(tokens)  # N×4×6
        t2 = torch.arange(t, dtype=torch.int64, device=tokens.device)
        sum_ = tokens + self.places.embed(t2)
        t3 = torch.arange(t, dtype=torch.float64, device=tokens.device)[:, None]
        wide = t3.to(tokens.dtype).expand((t, 3))  # T×3
        t4 = torch.arange(t, dtype=torch.float64, device=tokens.device)[:, None]
        column = (t4 / 2).to(tokens.dtype)  # T×1
        t5 = torch.arange(t, dtype=torch.float64, device=tokens.device)
        row = (-t5).to(tokens.dtype).expand((1, t))
        cat = torch.cat([wide, column + row], dim=1)  # T×7
        return Outputs(out=sum_, cat=cat)
