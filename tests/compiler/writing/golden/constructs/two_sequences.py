"""net, made by archdsl VERSION: archdsl source net

40 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Step(nn.Module):
    """The block `step`: `loop`."""

    def __init__(self):
        super().__init__()
        self.a = nn.Linear(4, 4)
        self.b = nn.Linear(4, 4)
        self.act = nn.ReLU(inplace=True)
        self.next = nn.Tanh()

    def forward(self, x, h):
        torch._assert(h.shape[1] == x.shape[1], "dimension 1 of `h` does not fit")
        y = []
        for x_t, h_t in zip(x.unbind(1), h.unbind(1)):
            a = self.a(x_t)  # N×4
            act = self.act(a.add_(self.b(h_t)))
            next_ = self.next(act)
            y.append(next_)
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

    def forward(self, x, z):
        torch._assert(z.shape[0] == x.shape[0], "dimension 0 of `z` does not fit")
        return self.loop(x, z)
