"""net, made by archdsl VERSION: archdsl source net

271 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor
    c: torch.Tensor
    d: torch.Tensor
    f: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b,c,d,f)")


class Rows(nn.Module):
    """The block `rows`: `a` and 1 more."""

    def __init__(self, dim):
        super().__init__()
        self.gain = nn.Parameter(torch.empty(2 * dim))
        self.fc = nn.Linear(dim, 2 * dim)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(self.gain)

    def forward(self, x):
        return self.fc(x) * self.gain


class Pair(nn.Module):
    """The block `pair`: `c` and 1 more."""

    def __init__(self, dim):
        super().__init__()
        self.gain = nn.Parameter(torch.empty(dim))
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(self.gain)

    def forward(self, x):
        return x * self.gain


class Image(nn.Module):
    """The block `image`: `e` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.gain = nn.Parameter(torch.empty(in_channels, 1, 1))
        self.conv = nn.Conv2d(in_channels, 2 * in_channels, kernel_size=1)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(self.gain)

    def forward(self, x):
        return self.conv(x * self.gain)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Rows(4)
        self.b = Rows(6)
        self.c = Pair(4)
        self.d = Pair(6)
        self.e = Image(3)
        self.f = Image(6)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, y, image):
        torch._assert(y.shape[0] == x.shape[0], "dimension 0 of `y` does not fit")
        torch._assert(image.shape[0] == x.shape[0], "dimension 0 of `image` does not fit")
        a = self.a(x)  # N×8
        b = self.b(y)  # N×12
        c = self.c(x)  # N×4
        d = self.d(y)  # N×6
        f = self.f(self.e(image))  # N×12×4×4
        return Outputs(a=a, b=b, c=c, d=d, f=f)
