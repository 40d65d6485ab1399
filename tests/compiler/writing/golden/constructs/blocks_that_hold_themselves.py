"""net, made by archdsl VERSION: archdsl source net

6,994 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Conv(nn.Sequential):
    """The block `conv`: `tree0.left` and 17 more."""

    def __init__(self, in_channels, out, stride=1):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(in_channels, out, kernel_size=3, stride=stride, padding=1),
                tanh=nn.Tanh(),
            )
        )


class Tree(nn.Module):
    """The block `tree`: `tree0` and 4 more."""

    def __init__(self, in_channels, out, in_channels2, stride=1):
        super().__init__()
        self.left = Conv(in_channels, out, stride=stride)
        self.right = Conv(out, out)
        self.root = nn.Conv2d(in_channels2, out, kernel_size=1)

    def forward(self, x):
        x = self.left(x)
        return self.root(torch.cat([x, self.right(x)], dim=1))


class Tree2(nn.Module):
    """The block `tree`: `tree1.first` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.first = Tree(in_channels, 8, in_channels2=16)
        self.second = Tree(8, 8, in_channels2=16)
        self.root = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x):
        x = self.first(x)
        return self.root(torch.cat([x, self.second(x)], dim=1))


class Tree3(nn.Module):
    """The block `tree`: `tree1`."""

    def __init__(self):
        super().__init__()
        self.first = Tree2(4)
        self.second = Tree2(8)
        self.root = nn.Conv2d(16, 8, kernel_size=1)

    def forward(self, x):
        x = self.first(x)  # N×8×8×8
        return self.root(torch.cat([x, self.second(x)], dim=1))


class Hourglass(nn.Module):
    """The block `hourglass`: `hourglass.inner` and 1 more."""

    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.down = Conv(6, 4)
        self.up = Conv(4, 6)
        self.resize = nn.Upsample(scale_factor=2.0)

    def forward(self, x):
        down = self.down(self.pool(x))
        return x + self.resize(self.up(down))


class Hourglass2(nn.Module):
    """The block `hourglass`: `hourglass` and 1 more."""

    def __init__(self):
        super().__init__()
        self.pool = nn.MaxPool2d(kernel_size=2)
        self.down = Conv(8, 6)
        self.inner = Hourglass()
        self.up = Conv(6, 8)
        self.resize = nn.Upsample(scale_factor=2.0)

    def forward(self, x):
        down = self.down(self.pool(x))
        up = self.up(self.inner(down))
        return x + self.resize(up)


class Odd(nn.Sequential):
    """The block `odd`: `even.inner.0.1.inner.0` and 1 more."""

    def __init__(self):
        super().__init__(nn.Tanh())


class Even(nn.Sequential):
    """The block `even`: `even.inner.0.1` and 1 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                scale=nn.Conv2d(2, 2, kernel_size=1),
                inner=nn.Sequential(Odd(), nn.Tanh()),
            )
        )


class Even2(nn.Sequential):
    """The block `even`: `even.inner.0.2` and 1 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                scale=nn.Conv2d(2, 2, kernel_size=1),
                inner=nn.Sequential(nn.Tanh()),
            )
        )


class Odd2(nn.Sequential):
    """The block `odd`: `even.inner.0` and 1 more."""

    def __init__(self):
        super().__init__(nn.Tanh(), Even(), Even2())


class Even3(nn.Sequential):
    """The block `even`: `even`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                scale=nn.Conv2d(8, 2, kernel_size=1),
                inner=nn.Sequential(Odd2(), nn.Tanh()),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.tree0 = Tree(3, 4, in_channels2=8, stride=2)
        self.tree1 = Tree3()
        self.hourglass = Hourglass2()
        self.even = Even3()
        self.odd = Odd2()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.tree0(x)  # N×4×8×8
        x = self.tree1(x)  # N×8×8×8
        x = self.hourglass(x)
        x = self.hourglass(x)
        x = self.even(x)  # N×2×8×8
        return self.odd(x)
