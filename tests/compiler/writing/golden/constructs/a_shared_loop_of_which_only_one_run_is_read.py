"""net, made by archdsl VERSION: archdsl source net

12 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `unread.h` and 1 more."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(3, 3))

    def forward(self, h):
        h_t = h
        seen = []
        for _ in range(2):
            layers = self.layers(h_t)
            next_ = torch.tanh(h_t + layers)
            seen.append(layers)
            h_t = next_
        seen = torch.stack(seen, dim=0)
        return seen


class Loop(nn.Module):
    """The block `loop`: `unread`."""

    def __init__(self):
        super().__init__()
        self.h = Step()

    def forward(self, x):
        x = self.h(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.unread = Loop()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        self.unread(x)
        return self.unread.h(x)
