"""net, made by archdsl VERSION: archdsl source net

56 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    read: torch.Tensor
    table: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(read,table)")


class B(nn.Module):
    """The block `b`: `unread` and 1 more."""

    def __init__(self):
        super().__init__()
        self.one = nn.Embedding(7, 4)

    def forward(self, x):
        return self.one(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.unread = B()
        self.read = B()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, tokens):
        unread = self.unread(tokens)
        read = self.read(tokens)  # N×5×4
        i = torch.arange(tokens.shape[1], dtype=torch.float64, device=tokens.device)[:, None]
        table = (i / 3).to(read.dtype).expand((tokens.shape[1], 4))  # T×4
        return Outputs(read=read, table=table)
