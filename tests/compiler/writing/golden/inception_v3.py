"""inception_v3, made by archdsl 0.1.0: archdsl source inception_v3

Rethinking the Inception architecture for computer vision. arXiv:1512.00567.

27,161,264 parameters. Shapes in comments are those of the sample input.
"""

from collections import OrderedDict
from typing import NamedTuple

import torch
from torch import nn
from torch.utils import _pytree


class Outputs(NamedTuple):
    """What the network gives."""

    logits: torch.Tensor
    aux_logits: torch.Tensor | None


# for torch.export.save
_pytree._register_namedtuple(Outputs, serialized_type_name="archdsl.inception_v3.Outputs(logits,aux_logits)")


class Conv(nn.Sequential):
    """The block `conv`: `Conv2d_1a_3x3` and 95 more."""

    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding="same"):
        super().__init__(
            OrderedDict(
                conv=nn.Conv2d(
                    in_channels,
                    out_channels,
                    kernel_size=kernel_size,
                    stride=stride,
                    padding=padding,
                    bias=False,
                ),
                bn=nn.BatchNorm2d(out_channels, eps=0.001),
                relu=nn.ReLU(inplace=True),
            )
        )


class InceptionA(nn.Module):
    """The block `inception_a`: `Mixed_5b` and 2 more."""

    def __init__(self, in_channels, pool_features):
        super().__init__()
        self.branch1x1 = Conv(in_channels, 64, kernel_size=1)
        self.branch5x5_1 = Conv(in_channels, 48, kernel_size=1)
        self.branch5x5_2 = Conv(48, 64, kernel_size=5)
        self.branch3x3dbl_1 = Conv(in_channels, 64, kernel_size=1)
        self.branch3x3dbl_2 = Conv(64, 96, kernel_size=3)
        self.branch3x3dbl_3 = Conv(96, 96, kernel_size=3)
        self.pool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = Conv(in_channels, pool_features, kernel_size=1)

    def forward(self, x):
        branch1x1 = self.branch1x1(x)
        branch5x5_2 = self.branch5x5_2(self.branch5x5_1(x))
        branch3x3dbl_2 = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        branch3x3dbl_3 = self.branch3x3dbl_3(branch3x3dbl_2)
        x = self.branch_pool(self.pool(x))
        return torch.cat([branch1x1, branch5x5_2, branch3x3dbl_3, x], dim=1)


class InceptionB(nn.Module):
    """The block `inception_b`: `Mixed_6a`."""

    def __init__(self):
        super().__init__()
        self.branch3x3 = Conv(288, 384, kernel_size=3, stride=2, padding="valid")
        self.branch3x3dbl_1 = Conv(288, 64, kernel_size=1)
        self.branch3x3dbl_2 = Conv(64, 96, kernel_size=3)
        self.branch3x3dbl_3 = Conv(96, 96, kernel_size=3, stride=2, padding="valid")
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x):
        branch3x3 = self.branch3x3(x)  # N×384×17×17
        branch3x3dbl_2 = self.branch3x3dbl_2(self.branch3x3dbl_1(x))  # N×96×35×35
        branch3x3dbl_3 = self.branch3x3dbl_3(branch3x3dbl_2)  # N×96×17×17
        return torch.cat([branch3x3, branch3x3dbl_3, self.pool(x)], dim=1)


class InceptionC(nn.Module):
    """The block `inception_c`: `Mixed_6b` and 3 more."""

    def __init__(self, c7):
        super().__init__()
        self.branch1x1 = Conv(768, 192, kernel_size=1)
        self.branch7x7_1 = Conv(768, c7, kernel_size=1)
        self.branch7x7_2 = Conv(c7, c7, kernel_size=(1, 7))
        self.branch7x7_3 = Conv(c7, 192, kernel_size=(7, 1))
        self.branch7x7dbl_1 = Conv(768, c7, kernel_size=1)
        self.branch7x7dbl_2 = Conv(c7, c7, kernel_size=(7, 1))
        self.branch7x7dbl_3 = Conv(c7, c7, kernel_size=(1, 7))
        self.branch7x7dbl_4 = Conv(c7, c7, kernel_size=(7, 1))
        self.branch7x7dbl_5 = Conv(c7, 192, kernel_size=(1, 7))
        self.pool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = Conv(768, 192, kernel_size=1)

    def forward(self, x):
        branch1x1 = self.branch1x1(x)
        branch7x7_2 = self.branch7x7_2(self.branch7x7_1(x))
        branch7x7_3 = self.branch7x7_3(branch7x7_2)
        branch7x7dbl_2 = self.branch7x7dbl_2(self.branch7x7dbl_1(x))
        branch7x7dbl_4 = self.branch7x7dbl_4(self.branch7x7dbl_3(branch7x7dbl_2))
        branch7x7dbl_5 = self.branch7x7dbl_5(branch7x7dbl_4)
        x = self.branch_pool(self.pool(x))
        return torch.cat([branch1x1, branch7x7_3, branch7x7dbl_5, x], dim=1)


class InceptionAux(nn.Sequential):
    """The block `inception_aux`: `AuxLogits`."""

    def __init__(self):
        super().__init__(
            OrderedDict(
                pool=nn.AvgPool2d(kernel_size=5, stride=3),
                conv0=Conv(768, 128, kernel_size=1),
                conv1=Conv(128, 768, kernel_size=5, padding="valid"),
                avgpool=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                fc=nn.Linear(768, 1000),
            )
        )


class InceptionD(nn.Module):
    """The block `inception_d`: `Mixed_7a`."""

    def __init__(self):
        super().__init__()
        self.branch3x3_1 = Conv(768, 192, kernel_size=1)
        self.branch3x3_2 = Conv(192, 320, kernel_size=3, stride=2, padding="valid")
        self.branch7x7x3_1 = Conv(768, 192, kernel_size=1)
        self.branch7x7x3_2 = Conv(192, 192, kernel_size=(1, 7))
        self.branch7x7x3_3 = Conv(192, 192, kernel_size=(7, 1))
        self.branch7x7x3_4 = Conv(192, 192, kernel_size=3, stride=2, padding="valid")
        self.pool = nn.MaxPool2d(kernel_size=3, stride=2)

    def forward(self, x):
        branch3x3_2 = self.branch3x3_2(self.branch3x3_1(x))  # N×320×8×8
        branch7x7x3_2 = self.branch7x7x3_2(self.branch7x7x3_1(x))  # N×192×17×17
        branch7x7x3_4 = self.branch7x7x3_4(self.branch7x7x3_3(branch7x7x3_2))  # N×192×8×8
        return torch.cat([branch3x3_2, branch7x7x3_4, self.pool(x)], dim=1)


class InceptionE(nn.Module):
    """The block `inception_e`: `Mixed_7b` and 1 more."""

    def __init__(self, in_channels):
        super().__init__()
        self.branch1x1 = Conv(in_channels, 320, kernel_size=1)
        self.branch3x3_1 = Conv(in_channels, 384, kernel_size=1)
        self.branch3x3_2a = Conv(384, 384, kernel_size=(1, 3))
        self.branch3x3_2b = Conv(384, 384, kernel_size=(3, 1))
        self.branch3x3dbl_1 = Conv(in_channels, 448, kernel_size=1)
        self.branch3x3dbl_2 = Conv(448, 384, kernel_size=3)
        self.branch3x3dbl_3a = Conv(384, 384, kernel_size=(1, 3))
        self.branch3x3dbl_3b = Conv(384, 384, kernel_size=(3, 1))
        self.pool = nn.AvgPool2d(kernel_size=3, stride=1, padding=1)
        self.branch_pool = Conv(in_channels, 192, kernel_size=1)

    def forward(self, x):
        branch1x1 = self.branch1x1(x)
        branch3x3_1 = self.branch3x3_1(x)
        branch3x3_2a = self.branch3x3_2a(branch3x3_1)
        branch3x3_2b = self.branch3x3_2b(branch3x3_1)
        branch3x3dbl_2 = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        branch3x3dbl_3a = self.branch3x3dbl_3a(branch3x3dbl_2)
        branch3x3dbl_3b = self.branch3x3dbl_3b(branch3x3dbl_2)
        x = self.branch_pool(self.pool(x))
        return torch.cat([branch1x1, branch3x3_2a, branch3x3_2b, branch3x3dbl_3a, branch3x3dbl_3b, x], dim=1)


class InceptionV3(nn.Module):
    """The network `inception_v3`."""

    def __init__(self):
        super().__init__()
        self.Conv2d_1a_3x3 = Conv(3, 32, kernel_size=3, stride=2, padding="valid")
        self.Conv2d_2a_3x3 = Conv(32, 32, kernel_size=3, padding="valid")
        self.Conv2d_2b_3x3 = Conv(32, 64, kernel_size=3)
        self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Conv2d_3b_1x1 = Conv(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = Conv(80, 192, kernel_size=3, padding="valid")
        self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
        self.Mixed_5b = InceptionA(192, 32)
        self.Mixed_5c = InceptionA(256, 64)
        self.Mixed_5d = InceptionA(288, 64)
        self.Mixed_6a = InceptionB()
        self.Mixed_6b = InceptionC(128)
        self.Mixed_6c = InceptionC(160)
        self.Mixed_6d = InceptionC(160)
        self.Mixed_6e = InceptionC(192)
        self.AuxLogits = InceptionAux()
        self.Mixed_7a = InceptionD()
        self.Mixed_7b = InceptionE(1280)
        self.Mixed_7c = InceptionE(2048)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout()
        self.fc = nn.Linear(2048, 1000)
        self.reset_parameters()

    @torch.no_grad()
    def reset_parameters(self):
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.trunc_normal_(module.weight, std=0.1, a=-2, b=2)
            elif isinstance(module, nn.Linear):
                module.reset_parameters()
                nn.init.trunc_normal_(module.weight, std=0.001, a=-2, b=2)
            elif module is not self and hasattr(module, "reset_parameters"):
                module.reset_parameters()
        nn.init.trunc_normal_(self.fc.weight, std=0.1, a=-2, b=2)
        nn.init.trunc_normal_(self.AuxLogits.conv1.conv.weight, std=0.01, a=-2, b=2)

    def forward(self, x):
        x = self.Conv2d_1a_3x3(x)  # N×32×149×149
        x = self.Conv2d_2a_3x3(x)  # N×32×147×147
        x = self.Conv2d_2b_3x3(x)  # N×64×147×147
        x = self.Conv2d_3b_1x1(self.maxpool1(x))  # N×80×73×73
        x = self.Conv2d_4a_3x3(x)  # N×192×71×71
        x = self.Mixed_5b(self.maxpool2(x))  # N×256×35×35
        x = self.Mixed_5c(x)  # N×288×35×35
        x = self.Mixed_5d(x)
        x = self.Mixed_6a(x)  # N×768×17×17
        x = self.Mixed_6b(x)
        x = self.Mixed_6c(x)
        x = self.Mixed_6d(x)
        x = self.Mixed_6e(x)
        AuxLogits = self.AuxLogits(x) if self.training else None
        x = self.Mixed_7a(x)  # N×1280×8×8
        x = self.Mixed_7b(x)  # N×2048×8×8
        x = self.Mixed_7c(x)
        x = self.dropout(self.avgpool(x))  # N×2048×1×1
        fc = self.fc(x.flatten(1))  # N×1000
        outputs = Outputs(logits=fc, aux_logits=AuxLogits)
        # torch.jit.trace takes no None
        return tuple(x for x in outputs if x is not None) if torch.jit.is_tracing() else outputs
