"""net, made by archdsl VERSION: archdsl source net

723 parameters. Shapes in comments are those of the sample input.
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


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.g = nn.GRU(4, 3, num_layers=2, batch_first=True, bidirectional=True)
        self.l = nn.LSTM(6, 4, batch_first=True, proj_size=2)
        self.r = nn.RNN(4, 3)
        self.l2 = nn.LSTM(6, 4, batch_first=True, proj_size=2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        g, h_n = self.g(x)
        l, (h_n2, c_n) = self.l(g)
        r, _ = self.r(x)
        l2, _ = self.l2(g, [h_n2, c_n])
        return Outputs(a=l, b=c_n, c=r, d=l2, e=h_n)
