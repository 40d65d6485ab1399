"""net, made by archdsl VERSION: archdsl source net

72 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    bare: torch.Tensor
    fed: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(bare,fed)")


class Widened(nn.Sequential):
    """The block `widened`: `bare.inside` and 1 more."""

    def __init__(self, skip=False):
        super().__init__(OrderedDict(wide=nn.Linear(8, 5 if skip else 3)))


class Passing(nn.Sequential):
    """The block `passing`: `bare` and 1 more."""

    def __init__(self, skip=False):
        super().__init__(OrderedDict(inside=Widened(skip=skip)))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.bare = Passing()
        self.h = nn.Tanh()
        self.fed = Passing(skip=True)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        bare = self.bare(x)  # N×5×3
        h = self.h(x)  # N×5×8
        fed = self.fed(x)  # N×5×5
        return Outputs(bare=bare, fed=fed)
