"""net, made by archdsl VERSION: archdsl source net

96 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Split(nn.Module):
    """The block `split`: `features.0` and 2 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 4, kernel_size=1)
        self.more = nn.Tanh()

    def forward(self, x):
        conv = self.conv(x)
        more = self.more(conv)
        return more, conv


class Plain(nn.Sequential):
    """The block `plain`: `features.1` and 1 more."""

    def __init__(self):
        super().__init__(nn.Conv2d(4, 4, kernel_size=1), nn.ReLU(inplace=True))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.features = nn.ModuleList([Split(3), Plain(), Split(4), Plain()])
        self.last = Split(4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        features0, _ = self.features[0](x)  # N×4×8×8
        features2, _ = self.features[2](self.features[1](features0))
        x2, skip = self.last(self.features[3](features2))
        return x2 + skip
