"""net, made by archdsl VERSION: archdsl source net

184 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize


class Unit(nn.Sequential):
    """The block `unit`: `stages.0` and 3 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                fc=nn.Linear(4, 4),
                norm=nn.LayerNorm(4),
                act=nn.Tanh(),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.empty(4))
        self.stages = nn.Sequential(*[Unit() for _ in range(3)])
        self.head = nn.Sequential(
            OrderedDict(
                a=Unit(),
                b=nn.Linear(4, 4),
            )
        )
        self.embed = parametrizations.weight_norm(nn.Linear(4, 4))
        self.tied = nn.Linear(4, 4)
        self.last = nn.Linear(4, 4)
        self.tied.weight = self.stages[0].fc.weight
        self.stages[1].requires_grad_(False)
        self.stages[2].requires_grad_(False)
        self.head.requires_grad_(False)
        self.stages[0].norm.requires_grad_(False)
        self.scale.requires_grad_(False)
        self.stages[0].fc.weight.requires_grad_(False)
        self.embed.parametrizations.weight.original0.requires_grad_(False)
        self.last.bias.requires_grad_(False)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        with parametrize.cached():
            self.tied.weight = self.stages[0].fc.weight
            nn.init.ones_(self.scale)
            for module in self.modules():
                if module is not self and hasattr(module, "reset_parameters"):
                    module.reset_parameters()
            for module in self.modules():
                if parametrize.is_parametrized(module, "weight"):
                    module.weight = module.weight

    def forward(self, x):
        x = self.stages(x * self.scale)  # N×4
        x = self.head(x)
        return self.last(self.embed(self.tied(self.embed(x))))
