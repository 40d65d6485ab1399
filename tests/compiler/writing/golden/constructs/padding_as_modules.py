"""net, made by archdsl VERSION: archdsl source net

24 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils import _pytree


class Pad(nn.Module):
    """`pad` as a module."""

    def __init__(self, pad):
        super().__init__()
        self.pad = pad

    def forward(self, x):
        return F.pad(x, self.pad)


class Pad2(nn.Module):
    """`pad` as a module."""

    def __init__(self, pad):
        super().__init__()
        self.pad = pad

    def forward(self, x):
        return F.pad(x, self.pad)


class Outputs(NamedTuple):
    """What the network gives."""

    images: torch.Tensor
    rows: torch.Tensor
    cubes: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(images,rows,cubes)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.images = nn.Sequential(
            nn.ZeroPad2d((1, 2, 3, 4)),
            nn.ConstantPad2d((1, 1, 1, 1), 0.5),
            nn.ReflectionPad2d((1, 1, 2, 2)),
            Pad((1, 1)),
            Pad2((0, 0, 0, 0, 1, 1)),
            nn.Identity(),
            nn.Conv2d(6, 2, kernel_size=1),
        )
        self.rows = nn.Sequential(
            nn.ReplicationPad1d((1, 2)), nn.ZeroPad1d((2, 1)), nn.Conv1d(2, 2, kernel_size=1)
        )
        self.cubes = nn.Sequential(
            nn.ReplicationPad3d((1, 1, 1, 1, 1, 1)),
            nn.ZeroPad3d((1, 0, 0, 1, 1, 0)),
            nn.Conv3d(1, 2, kernel_size=1),
        )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x, y, z):
        torch._assert(y.shape[0] == x.shape[0], "dimension 0 of `y` does not fit")
        torch._assert(z.shape[0] == x.shape[0], "dimension 0 of `z` does not fit")
        images = self.images(x)  # N×2×21×17
        rows = self.rows(y)  # N×2×14
        cubes = self.cubes(z)  # N×2×7×7×7
        return Outputs(images=images, rows=rows, cubes=cubes)
