"""net, made by archdsl VERSION: archdsl source net

1,309 parameters. Shapes in comments are those of the sample input.
"""

import torch
from torch import nn


class Unit(nn.Module):
    """The block `unit`: `one-0` and 4 more."""

    def __init__(self, in_channels, wide=True):
        super().__init__()
        self.add_module("conv-1", nn.Conv2d(in_channels, 4, kernel_size=1))
        self.conv_1 = nn.Conv2d(4, 4, kernel_size=1) if wide else None
        self.add_module("conv-2", nn.Conv2d(4, 4, kernel_size=3, padding=1) if wide else None)
        self.register_parameter("scale-1", nn.Parameter(torch.empty(1)))
        self.add_module("act-1", nn.Tanh())
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        nn.init.ones_(getattr(self, "scale-1"))

    def forward(self, x):
        conv_1 = getattr(self, "conv-1")(x)
        if self.conv_1 is not None:
            conv_12 = self.conv_1(conv_1)
            conv_2 = getattr(self, "conv-2")(conv_12)
        else:
            conv_2 = conv_1
        act_1 = getattr(self, "act-1")(conv_2)
        scaled = getattr(self, "scale-1") * torch.cat([conv_1, act_1, x], dim=1)
        return scaled, conv_1


class InLine(nn.Module):
    """The scope `in-line`."""

    def __init__(self):
        super().__init__()
        self.add_module("conv-1", nn.Conv2d(43, 4, kernel_size=1))
        self.act = nn.ReLU()

    def forward(self, x):
        x = getattr(self, "conv-1")(x)  # N×4×16×16
        act = self.act(x)
        return torch.cat([act, x], dim=1)


class Chain(nn.Module):
    """The scope `chain`."""

    def __init__(self):
        super().__init__()
        self.add_module("conv-0", nn.Conv2d(8, 4, kernel_size=1))
        self.add_module("conv-1", nn.Conv2d(4, 4, kernel_size=1))

    def forward(self, x):
        x = getattr(self, "conv-0")(x)  # N×4×16×16
        conv_1 = getattr(self, "conv-1")(x)
        return x


class Net(nn.Module):
    """The network `net`."""

    def __init__(self):
        super().__init__()
        self.add_module("one-0", Unit(3))
        self.add_module("two-0-1", Unit(11, wide=False))
        self.add_module("block-0", Unit(19))
        self.add_module("block-1", Unit(27))
        self.add_module("block-2", Unit(35))
        self.add_module("in-line", InLine())
        self.chain = Chain()
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()

    def forward(self, x):
        one_0, conv_1 = getattr(self, "one-0")(x)
        two_0_1, _ = getattr(self, "two-0-1")(one_0)  # N×19×16×16
        block_0, _ = getattr(self, "block-0")(two_0_1)  # N×27×16×16
        block_1, _ = getattr(self, "block-1")(block_0)  # N×35×16×16
        block_2, _ = getattr(self, "block-2")(block_1)  # N×43×16×16
        chain = self.chain(getattr(self, "in-line")(block_2))  # N×4×16×16
        return torch.cat([chain, conv_1], dim=1)
