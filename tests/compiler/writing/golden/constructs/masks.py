"""net, made by archdsl VERSION: archdsl source net

648 parameters. Shapes in comments are those of the sample input.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Attend(nn.Module):
    """The block `attend`: `a` and 2 more."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)

    def forward(self, x, mask=None):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Attend()
        self.b = Attend()
        self.c = Attend()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        t2 = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)[:, None]
        u = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)
        causal = torch.where(u <= t2, 0, -math.inf).to(x.dtype)  # T×5
        b = self.b(self.a(x, causal))  # N×5×8
        return self.c(b, causal)
