"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from torch import nn


class Bend(nn.Module):
    """The block `bend`: `first` and 1 more."""

    def __init__(self):
        super().__init__()
        self.only = nn.Tanh()

    def forward(self, x):
        return self.only(x)


class Last(nn.Module):
    """The block `last`: `both` and 1 more."""

    def __init__(self, both=False):
        super().__init__()
        self.both = both
        self.out = nn.ReLU()

    def forward(self, y, x=None):
        if self.both:
            sum_ = x + y
        else:
            sum_ = y
        return self.out(sum_)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.first = Bend()
        self.both = Last(both=True)
        self.second = Bend()
        self.one = Last()

    def forward(self, x):
        x = self.both(x, self.first(x))  # N×5×8
        second = self.second(x)
        return self.one(x)
