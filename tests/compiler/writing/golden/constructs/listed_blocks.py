"""net, made by archdsl VERSION: archdsl source net

71 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Rearrange(nn.Module):
    """`rearrange` as a module."""

    def __init__(self, h):
        super().__init__()
        self.h = h

    def forward(self, x):
        return x.unflatten(2, [self.h, -1]).transpose(1, 2)


class Permute(nn.Module):
    """`permute` as a module."""

    def __init__(self, dims):
        super().__init__()
        self.dims = dims

    def forward(self, x):
        return x.permute(self.dims)


class Outputs(NamedTuple):
    """What the network gives."""

    x: torch.Tensor
    first: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(x,first)")


class Pair(nn.Module):
    """The block `pair`: `fork.layer.0`."""

    def __init__(self):
        super().__init__()
        self.add_module("0", nn.Linear(4, 4))

    def forward(self, x):
        x2 = getattr(self, "0")(x).permute((0, 2, 1)).permute((0, 2, 1))  # N×5×4
        return 2 * x


class Fork(nn.Module):
    """The block `fork`: `fork`."""

    def __init__(self):
        super().__init__()
        self.layer = nn.ModuleDict({"0": Pair(), "2": nn.Linear(4, 3)})

    def forward(self, x):
        layer0 = self.layer["0"](x)  # N×5×4
        layer2 = self.layer["2"](layer0.transpose(0, 1))  # T×1×3
        return layer2, layer0


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.chain = nn.Sequential(
            Rearrange(2), Permute((0, 2, 1, 3)), nn.Flatten(start_dim=2), nn.Linear(8, 4)
        )
        self.fork = Fork()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.chain(x)  # N×5×4
        x, first = self.fork(x)
        return Outputs(x=x, first=first)
