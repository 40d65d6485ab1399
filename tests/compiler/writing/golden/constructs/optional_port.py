"""net, made by archdsl VERSION: archdsl source net

360 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Attend(nn.Module):
    """The block `attend`: `self` and 1 more."""

    def __init__(self):
        super().__init__()
        self.query = nn.Linear(8, 8)
        self.key = nn.Linear(8, 8)
        self.soft = nn.Softmax(dim=-1)

    def forward(self, q, k):
        q = self.query(q)
        biased = torch.einsum("ntc,nsc->nts", q, self.key(k)) * 2
        soft = self.soft(biased)
        return torch.matmul(soft, k)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(8, 8)
        self.self = Attend()
        self.cross = Attend()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        fc = self.fc(x)  # N×5×8
        return self.cross(self.self(fc, fc), x)
