"""net, made by archdsl VERSION: archdsl source net

806 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict

import torch
from torch import nn


class Listed(nn.Sequential):
    """The block `listed`: `a` and 2 more."""

    def __init__(self, act, pool=True, more=True):
        layers2: list[nn.Module] = [nn.Conv2d(3, 4, kernel_size=3, padding=1), nn.Conv2d(4, 5, kernel_size=1)]
        if pool:
            layers2.append(nn.MaxPool2d(kernel_size=2))
        layers2.append(nn.Conv2d(5, 4, kernel_size=1))
        if more:
            layers2.append(nn.Conv2d(4, 4, kernel_size=1))
        if more:
            layers2.append(nn.BatchNorm2d(4))
        layers: OrderedDict[str, nn.Module] = OrderedDict(body=nn.Sequential(*layers2))
        if act is not None:
            layers["act"] = act()
        layers.update(last=nn.Conv2d(4, 3, kernel_size=1))
        super().__init__(layers)


class Named(nn.Sequential):
    """The block `named`: `d` and 2 more."""

    def __init__(self, act, wide=True):
        layers: OrderedDict[str, nn.Module] = OrderedDict(first=nn.Conv2d(3, 3, kernel_size=1))
        if wide:
            layers["more"] = nn.Conv2d(3, 3, kernel_size=3, padding=1)
        layers.update(norm=nn.BatchNorm2d(3))
        if act is not None:
            layers["act"] = act()
        super().__init__(layers)


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.a = Listed(nn.ReLU, more=False)
        self.b = Listed(None, pool=False)
        self.c = Listed(nn.Tanh)
        self.d = Named(nn.GELU, wide=False)
        self.e = Named(None)
        self.f = Named(nn.SiLU)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        x = self.a(x)  # N×3×4×4
        x = self.b(x)
        x = self.c(x)  # N×3×2×2
        x = self.d(x)
        x = self.e(x)
        return self.f(x)
