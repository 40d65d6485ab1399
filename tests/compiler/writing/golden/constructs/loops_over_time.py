"""net, made by archdsl VERSION: archdsl source net

60 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a_y: torch.Tensor
    b_y: torch.Tensor
    c_y: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a_y,b_y,c_y)")


class Cell(nn.Module):
    """The block `cell`: `a` and 1 more."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, h, count):
        h_t = h
        y = []
        for x_t in x.unbind(1):
            fc = self.fc(x_t)
            next_ = torch.tanh(fc + h_t / count)
            y.append(F.pad(next_, (0, count)))
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Cell2(nn.Module):
    """The block `cell`: `c`."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 4)

    def forward(self, x, h, steps):
        h_t = h
        y = []
        for _ in range(steps):
            next_ = torch.tanh(self.fc(x) + h_t / 7)  # N×4
            y.append(F.pad(next_, (0, 7)))
            h_t = next_
        y = torch.stack(y, dim=1)
        return y


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Cell()
        self.b = Cell()
        self.c = Cell2()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        n, t, _ = x.shape
        zeros = torch.full((n, 4), 0, dtype=x.dtype, device=x.device)  # N×4
        x = x.mean(dim=(1,))
        three = torch.stack([x, x, x], dim=1)  # N×3×4
        a = self.a(three, zeros, t)  # N×3×9
        b = self.b(three, zeros, t // 2)  # N×3×6
        c = self.c(x, zeros, t)  # N×5×11
        return Outputs(a_y=a, b_y=b, c_y=c)
