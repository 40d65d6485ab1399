"""net, made by archdsl VERSION: archdsl source net

59 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self, classes=3):
        super().__init__()
        self.body = nn.Sequential(
            OrderedDict(
                norm=nn.LayerNorm(4),
                linear=nn.Linear(4, 6),
            )
        )
        self.head = nn.Linear(6, classes) if classes > 0 else nn.Identity()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, tokens):
        n, t = tokens.shape
        halves = torch.full((n, t, 4), 0.5, dtype=self.body.norm.weight.dtype, device=tokens.device)  # N×5×4
        return self.head(self.body(halves))
