"""net, made by archdsl VERSION: archdsl source net

216 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Layer(nn.Module):
    """The block `layer`: `layers.1` and 2 more."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(8, 8)

    def forward(self, x, m):
        return self.linear(x) + m * x


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleDict({"1": Layer(), "0": Layer(), "2": Layer()})
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, m):
        n, t, _ = x.shape
        m_n, m_t, _ = m.shape
        torch._assert(m_n == n, "dimension 0 of `m` does not fit")
        torch._assert(m_t == t, "dimension 1 of `m` does not fit")
        layers0 = self.layers["0"](self.layers["1"](x, m), m)  # N×5×8
        return self.layers["2"](layers0, m)
