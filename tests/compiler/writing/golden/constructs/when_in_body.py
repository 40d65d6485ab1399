"""net, made by archdsl VERSION: archdsl source net

76 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `l1` and 1 more."""

    def __init__(self, deep=False):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.bn = nn.BatchNorm1d(4)
        self.deep = nn.Linear(4, 4) if deep else None

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            a = self.a(x_t)
            bn = self.bn(a)
            if self.training:
                noisy = a * 2
            noisy_by_mode = noisy if self.training else a
            deep = noisy_by_mode if self.deep is None else self.deep(noisy_by_mode)
            next_ = deep + h_t + bn
            y.append(next_)
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.l1 = Step()
        self.l2 = Step(deep=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        zeros = torch.full((x.shape[0], 4), 0, dtype=x.dtype, device=x.device)  # N×4
        return self.l2(self.l1(x, zeros), zeros)
