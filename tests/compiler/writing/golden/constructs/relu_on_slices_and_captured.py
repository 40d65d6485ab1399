"""net, made by archdsl VERSION: archdsl source net

60 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.rx = nn.ReLU()
        self.rh = nn.ReLU()
        self.rk = nn.ReLU()

    def forward(self, x, h, k):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            rx = self.rx(x_t)  # N×4
            rh = self.rh(h_t)
            rk = self.rk(k)
            next_ = rx + rh + rk * (k + rx)
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.lin = nn.Linear(4, 4)
        self.key2 = nn.Linear(4, 4)
        self.start = nn.Linear(4, 4)
        self.loop = Step()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        lin = self.lin(x)  # N×5×4
        x = x[:, 1]  # N×4
        key2 = self.key2(x)
        return self.loop(lin, self.start(x), key2)
