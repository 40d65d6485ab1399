"""net, made by archdsl VERSION: archdsl source net

16 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    a: torch.Tensor
    b: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(a,b)")


class Two(nn.Sequential):
    """The block `two`: `two`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(3, 4, kernel_size=1),
                relu=nn.ReLU(inplace=True),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.two = Two()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        two = self.two(x)  # N×4×8×8
        return Outputs(a=two, b=two)
