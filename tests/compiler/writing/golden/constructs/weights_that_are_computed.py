"""net, made by archdsl VERSION: archdsl source net

308 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn.utils import parametrizations, parametrize


def start_power_method(parametrized):
    """Draws the vectors of a spectral norm, and turns them to its weight as torch does when it is made."""
    norm = parametrized[0]
    norm._v.normal_()
    norm._power_method(norm._reshape_weight_to_matrix(parametrized.original), 15)


class Unit0(nn.Sequential):
    """The block `unit`: `unit0`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                conv=parametrizations.weight_norm(nn.Conv1d(4, 4, kernel_size=3, padding=1)),
                act=nn.Tanh(),
            )
        )


class Unit(nn.Sequential):
    """The block `unit`: `unit1` and 1 more."""

    def __init__(self, dilation):
        super().__init__(
            OrderedDict(
                conv=parametrizations.weight_norm(
                    nn.Conv1d(4, 4, kernel_size=3, padding=dilation, dilation=dilation)
                ),
                act=nn.Tanh(),
            )
        )


class Unit2(nn.Sequential):
    """The block `unit`: `spectral` and 1 more."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                conv=parametrizations.spectral_norm(
                    nn.Conv1d(4, 4, kernel_size=3, padding=1), n_power_iterations=2
                ),
                act=nn.Tanh(),
            )
        )


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.unit0 = Unit0()
        self.unit1 = Unit(2)
        self.unit2 = Unit(4)
        self.spectral = Unit2()
        self.layers = nn.Sequential(
            *[parametrizations.weight_norm(nn.Conv1d(4, 4, kernel_size=1), dim=1) for _ in range(3)]
        )
        self.head = parametrizations.weight_norm(nn.Linear(4, 3), dim=None)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        with parametrize.cached():
            for module in self.modules():
                if isinstance(module, nn.Conv1d):
                    module.reset_parameters()
                    nn.init.normal_(module.weight, std=0.1)
                elif isinstance(module, nn.Linear):
                    module.reset_parameters()
                    nn.init.xavier_normal_(module.weight)
                elif module is not self and hasattr(module, "reset_parameters"):
                    module.reset_parameters()
            for module in self.modules():
                if parametrize.is_parametrized(module, "weight"):
                    module.weight = module.weight
        start_power_method(self.spectral.conv.parametrizations.weight)

    def forward(self, x):
        x = self.unit0(x)  # N×4×6
        x = self.unit1(x)
        x = self.unit2(x)
        x = self.spectral(x)
        x = self.layers(x)
        x = self.spectral(x)
        return self.head(x.mean(dim=2))
