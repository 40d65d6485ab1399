"""net, made by archdsl VERSION: archdsl source net

1,942 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Layer(nn.Module):
    """The block `layer`: `stage0.layer1` and 14 more."""

    def __init__(self, hidden, value):
        super().__init__()
        self.value = value
        self.norm = nn.LayerNorm(8)
        self.up = nn.Linear(8, hidden)
        self.act = nn.GELU()
        self.down = nn.Linear(hidden, 8)
        self.scale = nn.Parameter(torch.empty(8))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(self.scale)

    def forward(self, x):
        act = self.act(self.up(self.norm(x)))
        down = self.down(act)
        return x + down * self.value * self.scale


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.stage0 = nn.Sequential(
            OrderedDict(
                layer1=Layer(4, 1.0),
                layer2=Layer(6, 0.9857142857142858),
                layer3=Layer(8, 0.9714285714285714),
                layer4=Layer(10, 0.9571428571428572),
            )
        )
        self.stage1 = nn.Sequential(
            OrderedDict(
                layer1=Layer(4, 0.9857142857142858),
                layer2=Layer(6, 0.9714285714285714),
                layer3=Layer(8, 0.9571428571428572),
                layer4=Layer(10, 0.9428571428571428),
            )
        )
        self.tail = nn.Sequential(*[Layer(4, 1.0) for _ in range(3)])
        self.ends = nn.Sequential(*[Layer(3 if k == 0 else 5, 1.0) for k in range(4)])
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.stage0(x)  # N×5×8
        x = self.stage1(x)
        x = self.tail(x)
        return self.ends(x)
