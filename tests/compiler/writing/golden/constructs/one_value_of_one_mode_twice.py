"""net, made by archdsl VERSION: archdsl source net

36 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    end: torch.Tensor
    a: torch.Tensor | None
    b: torch.Tensor | None


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(end,a,b)")


class Two(nn.Sequential):
    """The block `two`: `aux`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(4, 4, kernel_size=1),
                relu=nn.ReLU(inplace=True),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.trunk = nn.Conv2d(3, 4, kernel_size=1)
        self.aux = Two()
        self.end = nn.ReLU()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.trunk(x)  # N×4×8×8
        aux = self.aux(x) if self.training else None
        end = self.end(x)
        outputs = Outputs(end=end, a=aux, b=aux)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
