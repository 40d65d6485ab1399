"""net, made by archdsl VERSION: archdsl source net

248 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b)")


class Table(nn.Module):
    """The scope `table`."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, 6, 1, 1))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.normal_(self.weight, std=0.5)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.features = nn.ModuleDict({"conv0": nn.Conv2d(3, 4, kernel_size=3), "norm0": nn.BatchNorm2d(4)})
        self.sparse = nn.Sequential(
            OrderedDict([("3", nn.Conv2d(4, 3, kernel_size=1)), ("5", nn.Conv2d(3, 4, kernel_size=1))])
        )
        self.heads = nn.Sequential(
            OrderedDict(main=nn.Sequential(OrderedDict(fc=nn.Conv2d(4, 2, kernel_size=1))))
        )
        self.convs = nn.Sequential(
            nn.Conv2d(4, 4, kernel_size=1), nn.Conv2d(4, 5, kernel_size=1), nn.Conv2d(5, 6, kernel_size=1)
        )
        self.table = Table()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.sparse(self.features.conv0(x))  # N×4×14×14
        heads = self.heads(x)  # N×2×14×14
        x = self.convs(self.features.norm0(x))  # N×6×14×14
        mean = (x * self.table.weight).mean(dim=(2, 3))  # N×6
        side = heads.mean(dim=(2, 3))  # N×2
        return Outputs(a=mean, b=side)
