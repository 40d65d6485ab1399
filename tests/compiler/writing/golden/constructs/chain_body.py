"""net, made by archdsl VERSION: archdsl source net

60 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    y: torch.Tensor
    z: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(y,z)")


class Step(nn.Sequential):
    """The block `step`: `loop.mlp`."""

    def __init__(self):
        super().__init__(nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Linear(4, 4))


class Named(nn.Module):
    """The block `named`: `loop`."""

    def __init__(self):
        super().__init__()
        self.mlp = Step()
        self.sub = nn.Sequential(nn.Linear(4, 4), nn.Tanh())

    def forward(self, x):
        x_t = x
        y = []
        z = []
        for _ in range(3):
            mlp = self.mlp(x_t)  # N×4
            sub = self.sub(mlp)
            y.append(mlp)
            z.append(sub)
            x_t = sub
        y = torch.stack(y, dim=1)
        z = torch.stack(z, dim=1)
        return y, z


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.loop = Named()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        y, z = self.loop(x[:, 0])
        return Outputs(y=y, z=z)
