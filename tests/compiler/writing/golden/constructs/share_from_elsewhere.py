"""net, made by archdsl VERSION: archdsl source net

216 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Layer(nn.Sequential):
    """The block `layer`: `encoder.first` and 4 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                fc=nn.Linear(8, 8),
                act=nn.Tanh(),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            OrderedDict(
                first=Layer(),
                second=Layer(),
            )
        )
        self.decoder = nn.ModuleDict({"fc": nn.Linear(8, 8)})
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.encoder(x)  # N×5×8
        x = self.encoder.second(self.decoder.fc(x))
        return self.encoder(self.encoder.first.fc(x) + x)
