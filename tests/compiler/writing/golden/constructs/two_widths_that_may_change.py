"""net, made by archdsl VERSION: archdsl source net

96 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    main: torch.Tensor
    side: torch.Tensor
    last: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(main,side,last)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self, num_classes=5, a_classes=3):
        super().__init__()
        self.body = nn.Linear(8, 4)
        self.main = nn.Linear(4, num_classes)
        self.side = nn.Linear(4, a_classes)
        self.last = nn.Linear(4, 4)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.body(x)  # N×5×4
        main = self.main(x)  # N×5×5
        side = self.side(x)  # N×5×3
        last = self.last(x)  # N×5×4
        return Outputs(main=main, side=side, last=last)
