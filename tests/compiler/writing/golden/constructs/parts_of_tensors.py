"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Slice(nn.Module):
    """`slice` as a module."""

    def __init__(self, start, end):
        super().__init__()
        self.start = start
        self.end = end

    def forward(self, x):
        return x[:, :, self.start:self.end]


class Slice2(nn.Module):
    """`slice` as a module."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def forward(self, x):
        return x[:, :, ::self.step]


class Transpose(nn.Module):
    """`transpose` as a module."""

    def __init__(self, dim0, dim1):
        super().__init__()
        self.dim0 = dim0
        self.dim1 = dim1

    def forward(self, x):
        return x.transpose(self.dim0, self.dim1)


class Flip(nn.Module):
    """`flip` as a module."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.flip(self.dims)


class Select(nn.Module):
    """`select` as a module."""

    def __init__(self, index):
        super().__init__()
        self.index = index

    def forward(self, x):
        return x[:, self.index]


class Outputs(NamedTuple):
    """What the network gives."""

    sum: torch.Tensor
    chain: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(sum,chain)")


class Part(nn.Module):
    """The block `part`: `a` and 1 more."""

    def __init__(self, start=0, place=0):
        super().__init__()
        self.start = start
        self.end = start + 4
        self.place = place

    def forward(self, x):
        rows = x[:, :, self.start:self.end:2]
        return rows * x[:, :, self.place].unsqueeze(-1)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Part(start=2)
        self.b = Part(place=3)
        self.chain = nn.Sequential(Slice(1, 5), Slice2(2), Transpose(1, 2), Flip((1,)), Select(0))

    def forward(self, x):
        a = self.a(x)  # N×5×2
        b = self.b(x)
        chain = self.chain(x)  # N×5
        sum_ = a.add_(b)  # N×5×2
        return Outputs(sum=sum_, chain=chain)
