"""net, made by archdsl VERSION: archdsl source net

304 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `a` and 3 more."""

    def __init__(self, gain=False, shift=False, whole=False):
        super().__init__()
        self.shift = shift
        self.gain2 = gain
        self.register_parameter("gain", nn.Parameter(torch.empty(8)) if gain else None)
        self.register_buffer("table", torch.empty(2, 8) if shift else None, persistent=False)
        self.register_buffer("count", torch.empty(3, dtype=torch.int64) if whole else None)
        self.fc = nn.Linear(8, 8)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        if self.gain is not None:
            nn.init.ones_(self.gain)
        if self.table is not None:
            j = torch.arange(8, dtype=torch.float64)
            self.table.copy_(j / 2)
        if self.count is not None:
            i = torch.arange(3, dtype=torch.float64)
            self.count.copy_(i * i)

    def forward(self, x):
        x = self.fc(x)
        if self.shift:
            row = self.table[1]
        if self.gain2:
            x = x * self.gain
        if not self.shift:
            return x
        return x + row


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Unit()
        self.b = Unit(gain=True)
        self.c = Unit(gain=True, shift=True)
        self.d = Unit(shift=True, whole=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        x = self.b(x)
        x = self.c(x)
        return self.d(x)
