"""net, made by archdsl VERSION: archdsl source net

16 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Scaled(nn.Module):
    """The block `scaled`: `a` and 1 more."""

    def __init__(self, value, base=1):
        super().__init__()
        double = 2 * base
        self.base = base
        self.double2 = double
        self.value = value
        self.weight = nn.Parameter(torch.empty(8))
        self.register_buffer("bias", torch.empty(8), persistent=False)
        self.register_buffer("fixed", torch.empty(8), persistent=False)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        j = torch.arange(8, dtype=torch.float64)
        self.weight.copy_(torch.log(j + self.base * 3) + self.double2)
        j = torch.arange(8, dtype=torch.float64)
        self.bias.copy_(torch.where(j > self.base, j // self.base, -j))
        self.fixed.fill_(self.value)

    def forward(self, x):
        t2 = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)[:, None]
        return x * self.weight + (t2 * self.base).to(x.dtype) * self.bias + self.fixed


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Scaled(0.25)
        self.b = Scaled(0.75, base=3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×5×8
        return self.b(x)
