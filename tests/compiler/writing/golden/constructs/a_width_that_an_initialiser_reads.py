"""net, made by archdsl VERSION: archdsl source net

117 parameters. Shapes in comments are those of the sample input.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    main: torch.Tensor
    side: torch.Tensor


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.net.Outputs(main,side)")


class Net(nn.Module):
    """The network `net`."""

    def __init__(self, others=4):
        super().__init__()
        self.body = nn.Linear(8, 6)
        self.main = nn.Linear(6, 5)
        self.side = nn.Linear(6, others)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()
        nn.init.normal_(self.main.weight, std=0.2)
        nn.init.normal_(self.side.weight, std=0.5)

    def forward(self, x):
        x = self.body(x)  # N×5×6
        main = self.main(x)  # N×5×5
        side = self.side(x)  # N×5×4
        return Outputs(main=main, side=side)
