"""net, made by archdsl VERSION: archdsl source net

613 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    sum: torch.Tensor
    last: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(sum,last)")


class Unit(nn.Module):
    """The block `unit`: `body.stem` and 3 more."""

    def __init__(self, in_channels, out):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out, kernel_size=3, stride=2, padding=1)
        self.act = nn.ReLU()

    def forward(self, x):
        conv = self.conv(x)
        act = self.act(conv)
        return act, conv


class Trunk(nn.Module):
    """The block `trunk`: `body`."""

    def __init__(self):
        super().__init__()
        self.stem = Unit(3, 4)
        self.stages = nn.ModuleList([Unit(4, 4), Unit(4, 4)])
        self.last = Unit(4, 5)

    def forward(self, x):
        stem, _ = self.stem(x)  # N×4×8×8
        stages0, _ = self.stages[0](stem)  # N×4×4×4
        stages1, conv = self.stages[1](stages0)
        last, _ = self.last(stages1)  # N×5×1×1
        return last, conv, stem


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.body = Trunk()
        self.up = nn.Upsample(scale_factor=4.0)
        self.lateral = nn.Conv2d(4, 4, kernel_size=1)
        self.small = nn.AdaptiveAvgPool2d(2)
        self.other = nn.AdaptiveAvgPool2d(2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        body, stages, stem = self.body(x)
        up = self.up(stages)  # N×4×8×8
        lateral = self.lateral(stem)
        small = self.small(up)  # N×4×2×2
        sum_ = small + self.other(lateral)
        return Outputs(sum=sum_, last=body)
