"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from torch import nn


class Inner(nn.Module):
    """The block `inner`: `made.inside.h` and 2 more."""

    def __init__(self):
        super().__init__()
        self.norm = nn.GELU()

    def forward(self, x):
        return self.norm(x)


class Optional(nn.Module):
    """The block `optional`: `made.inside` and 1 more."""

    def __init__(self):
        super().__init__()
        self.h = Inner()

    def forward(self, x):
        x = self.h(x)
        return x + x


class Optional2(nn.Module):
    """The block `optional`: `fed.inside`."""

    def __init__(self):
        super().__init__()
        self.h = Inner()
        self.asks = nn.Tanh()

    def forward(self, x):
        h = self.h(x)
        x = self.asks(x)  # N×3
        x = x + x


class Made(nn.Module):
    """The block `passing`: `made`."""

    def __init__(self):
        super().__init__()
        self.inside = Optional()

    def forward(self, x):
        x = self.inside(x)


class Fed(nn.Module):
    """The block `passing`: `fed`."""

    def __init__(self):
        super().__init__()
        self.inside = Optional2()

    def forward(self, x):
        self.inside(x)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.made = Made()
        self.fed = Fed()

    def forward(self, x):
        self.made(x)
        self.fed(x)
        return self.made.inside(x)
