"""net, made by archdsl VERSION: archdsl source net

2,516 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Block(nn.Module):
    """The block `block`: `layers.0` and 5 more."""

    def __init__(self, in_channels, planes, stride=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, planes, kernel_size=3, stride=stride, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(planes)
        self.down = None
        if stride != 1 or in_channels != planes:
            self.down = nn.Sequential(
                nn.Conv2d(in_channels, planes, kernel_size=1, stride=2), nn.BatchNorm2d(planes)
            )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        bn = self.bn(self.conv(x))
        if self.down is not None:
            x = self.down(x)
        return self.relu(bn.add_(x))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            Block(3, 4, stride=2),
            Block(4, 4),
            Block(4, 8, stride=2),
            *[Block(8, 8, stride=1 if k % 2 else 2) for k in range(3, 6)],
        )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        return self.layers(x)
