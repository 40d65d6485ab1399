"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)
        self.act = nn.Tanh()

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            act = self.act(self.fc(x_t))  # N×4
            next_ = self.fc(act).add_(h_t)
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        return self.loop(x, zeros)
