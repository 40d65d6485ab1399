"""net, made by archdsl VERSION: archdsl source net

20 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.w = nn.Linear(4, 4)

    def forward(self, x, h):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            big = self.w(x_t).unflatten(1, [2, -1])  # N×2×2
            flat = big.reshape((big.shape[0], 4))  # N×4
            i = torch.arange(x.shape[1], dtype=torch.float64, device=x.device)[:, None]
            j = torch.arange(4, dtype=torch.float64, device=x.device)
            m = (x * (i + j / x.shape[1]).to(x.dtype)).mean(dim=1)
            next_ = m + flat + h_t * x.shape[1]
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
