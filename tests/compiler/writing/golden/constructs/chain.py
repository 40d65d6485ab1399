"""net, made by archdsl VERSION: archdsl source net

112 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 4, kernel_size=3), nn.ReLU(inplace=True), nn.MaxPool2d(kernel_size=2), nn.Flatten()
        )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        return self.features(x)
