"""net, made by archdsl VERSION: archdsl source net

240 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Layer(nn.Module):
    """The block `layer`: `layers.0` and 10 more."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, height):
        x = self.fc(x)
        image = x.reshape((x.shape[0], height, -1, 4))
        flat = (image * image.mean(dim=(1,), keepdim=True)).flatten(1, 2)
        return x + flat


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([Layer() for _ in range(4)])
        self.twice = nn.ModuleList([Layer() for _ in range(6)])
        self.chained = nn.ModuleList([nn.Linear(4, 4), Layer(), nn.ReLU()])
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        _, h, w, _ = x.shape
        x = x.flatten(1, 2)  # N×30×4
        for layer in self.layers:
            x = layer(x, h)
        for layer in self.twice[:3]:
            x = layer(x, h)
        x = self.twice[3](x, w)
        x = self.twice[4](x, w)
        x = self.twice[5](x, h)
        x = self.chained[1](self.chained[0](x), w)
        return self.chained[2](x)
