"""net, made by archdsl VERSION: archdsl source net

10 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    split_left: torch.Tensor | None
    y: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(split_left,y)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.y = nn.Linear(4, 2)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        if not self.training:
            left, _ = x.tensor_split(2, dim=1)
        else:
            left = None
        y = self.y(x)  # N×2
        outputs = Outputs(split_left=left, y=y)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
