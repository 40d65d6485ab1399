"""net, made by archdsl VERSION: archdsl source net

15 parameters. Shapes in comments are those of the sample input.
"""

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.c = nn.Linear(4, 3)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = F.batch_norm(x, None, None, training=True, eps=0.01)  # N×5×4
        return self.c(F.instance_norm(x))
