"""net, made by archdsl VERSION: archdsl source net

0 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    fed: torch.Tensor
    bare: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(fed,bare)")


class Turned(nn.Module):
    """The block `turned`: `fed` and 1 more."""

    def __init__(self, skip=False):
        super().__init__()
        self.has_flip = not skip

    def forward(self, x):
        if self.has_flip:
            x = x.flip((1,))
        return x * 0.5


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.fed = Turned(skip=True)
        self.bare = Turned()

    def forward(self, x):
        fed = self.fed(x)  # N×5×8
        bare = self.bare(x)
        return Outputs(fed=fed, bare=bare)
