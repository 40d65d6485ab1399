"""net, made by archdsl VERSION: archdsl source net

224 parameters. Shapes in comments are those of the sample input.
"""

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    twice: torch.Tensor
    sum: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(twice,sum)")


class Pyramid(nn.Module):
    """The block `pyramid`: `third` and 1 more."""

    def __init__(self, factor):
        super().__init__()
        self.down = nn.Upsample(scale_factor=factor, mode="bilinear")
        self.conv = nn.Conv2d(3, 4, kernel_size=3, padding=1)

    def forward(self, x):
        _, _, h, w = x.shape
        x = self.conv(self.down(x))
        return F.interpolate(x, size=(h, w))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.third = Pyramid(0.3)
        self.tenths = Pyramid(0.7)
        self.twice = nn.Upsample(scale_factor=(1.1, 2.7), mode="bilinear", recompute_scale_factor=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        _, _, h, w = x.shape
        third = self.third(x)  # N×4×33×47
        twice = self.twice(torch.cat([third, self.tenths(x)], dim=1))  # N×8×36×126
        x = F.interpolate(x, size=(math.floor(h * 0.7), math.ceil(w * 0.1)))  # N×3×23×5
        i = torch.arange(x.shape[2], dtype=torch.float64, device=third.device)[:, None]
        j = torch.arange(x.shape[3], dtype=torch.float64, device=third.device)
        grid = (i + j / math.floor(h * 0.3)).to(third.dtype)
        sum_ = x + grid * math.floor(h * 0.3)
        return Outputs(twice=twice, sum=sum_)
