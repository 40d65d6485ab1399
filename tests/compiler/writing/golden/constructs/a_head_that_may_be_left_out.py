"""net, made by archdsl VERSION: archdsl source net

92 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self, classes=4):
        super().__init__()
        self.body = nn.Linear(6, 8)
        self.act = nn.Tanh()
        self.head = nn.Sequential(nn.Linear(8, classes) if classes > 0 else nn.Identity())
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()
        if isinstance(self.head[0], nn.Linear):
            nn.init.ones_(self.head[0].weight)

    def forward(self, x):
        x = self.act(self.body(x))  # N×8
        return self.head(x)
