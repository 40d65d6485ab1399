"""net, made by archdsl VERSION: archdsl source net

1,088 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Near(nn.Module):
    """The block `mixer`: `stages.0.near` and 1 more."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(16, 16)

    def forward(self, x):
        x = (
            x.unflatten(3, [-1, 4])
            .unflatten(2, [-1, 4])
            .permute((0, 2, 4, 1, 3, 5))
            .flatten(1, 2)
            .flatten(3, 4)
        )
        return (
            self.mix(x)
            .unflatten(3, [4, 4])
            .unflatten(1, [4, -1])
            .permute((0, 3, 1, 4, 2, 5))
            .flatten(2, 3)
            .flatten(3, 4)
        )


class Far(nn.Module):
    """The block `mixer`: `stages.0.far` and 1 more."""

    def __init__(self):
        super().__init__()
        self.mix = nn.Linear(16, 16)

    def forward(self, x):
        x = (
            x.unflatten(3, [4, -1])
            .unflatten(2, [4, -1])
            .permute((0, 3, 5, 1, 2, 4))
            .flatten(1, 2)
            .flatten(3, 4)
        )
        return (
            self.mix(x)
            .unflatten(3, [4, 4])
            .unflatten(1, [4, -1])
            .permute((0, 3, 4, 1, 5, 2))
            .flatten(2, 3)
            .flatten(3, 4)
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.stages = nn.Sequential(
            nn.Sequential(
                OrderedDict(
                    near=Near(),
                    far=Far(),
                )
            ),
            nn.Sequential(
                OrderedDict(
                    near=Near(),
                    far=Far(),
                )
            ),
        )
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        return self.stages(x)
