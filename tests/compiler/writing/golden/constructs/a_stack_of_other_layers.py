"""net, made by archdsl VERSION: archdsl source net

576 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `stages.0` and 6 more."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)

    def forward(self, x, memory):
        x = self.fc(x)
        return x + memory.mean(dim=1, keepdim=True)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.memory = nn.Linear(8, 8)
        self.stages = nn.ModuleList([Unit() for _ in range(4)])
        self.xs = nn.ModuleList([Unit() for _ in range(3)])
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        memory = self.memory(x)  # N×5×8
        for stage in self.stages:
            x = stage(x, memory)
        for unit in self.xs:
            x = unit(x, memory)
        return x
