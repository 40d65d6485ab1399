"""net, made by archdsl VERSION: archdsl source net

232 parameters. Shapes in comments are those of the sample input.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 8)
        self.positions = nn.Embedding(20, 8)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, tokens):
        n, t = tokens.shape
        tokens = self.embed(tokens)  # N×6×8
        t2 = torch.arange(t, dtype=torch.int64, device=tokens.device)
        positions = self.positions(t2)  # T×8
        p = torch.arange(t, dtype=torch.float64, device=tokens.device)[:, None]
        j = torch.arange(8, dtype=torch.float64, device=tokens.device)
        waves = torch.where(j % 2 == 0, torch.sin(p / 100 ** (j / 8)), torch.cos(p / 100 ** ((j - 1) / 8))).to(
            tokens.dtype
        )
        zeros = torch.full((n, t, 8), 0.5, dtype=tokens.dtype, device=tokens.device)  # N×6×8
        sum_ = tokens + positions + waves * zeros
        t3 = torch.arange(t, dtype=torch.float64, device=tokens.device)[:, None]
        u = torch.arange(t, dtype=torch.float64, device=tokens.device)
        mask = torch.where(u <= t3, 0, -math.inf).to(tokens.dtype)  # T×6
        return F.scaled_dot_product_attention(sum_, sum_, sum_, attn_mask=mask)
