"""net, made by archdsl VERSION: archdsl source net

224 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    logits: torch.Tensor
    aux: torch.Tensor | None


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(logits,aux)")


class Head(nn.Sequential):
    """The block `head`: `aux` and 1 more."""

    def __init__(self):
        super().__init__(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 6, kernel_size=3)
        self.aux = Head()
        self.relu = nn.ReLU()
        self.calm = nn.Sigmoid()
        self.head = Head()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.conv(x)  # N×6×14×14
        aux = self.aux(x) if self.training else None
        x = self.relu(x)
        if not self.training:
            calm = self.calm(x)
        head = self.head(x if self.training else calm)  # N×4
        outputs = Outputs(logits=head, aux=aux)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
