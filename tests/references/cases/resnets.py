"""Residual networks, SqueezeNet and GoogLeNet, and what has no published implementation, from its paper."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.references.parity import Case


class CifarBlock(nn.Module):
    """Two 3×3 convolutions beside a shortcut that learns nothing: arXiv:1512.03385, option A."""

    def __init__(self, channels: int, out: int) -> None:
        super().__init__()
        self.stride = 1 if out == channels else 2
        self.conv1 = nn.Conv2d(channels, out, 3, self.stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)

    def forward(self, x: Tensor) -> Tensor:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        shortcut = torch.zeros_like(y)
        shortcut[:, : x.shape[1]] = x[:, :, :: self.stride, :: self.stride]
        return F.relu(y + shortcut)


def cifar_resnet(n: int) -> nn.Module:
    """The network of section 4.2 with 6n + 2 layers."""
    widths = [16, 16, 32, 64]
    stages = {
        f"layer{i}": nn.Sequential(*(CifarBlock(widths[i - 1 if k == 0 else i], widths[i]) for k in range(n)))
        for i in (1, 2, 3)
    }
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 16, 3, padding=1, bias=False), bn1=nn.BatchNorm2d(16), relu=nn.ReLU(),
            **stages,
            avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(64, 10),
        )
    )  # fmt: skip


class ResponseNorm(nn.Module):
    """Section 3.3 of doi:10.1145/3065386, summed channel by channel."""

    def forward(self, x: Tensor) -> Tensor:
        count, k, n, alpha, beta = x.shape[1], 2, 5, 1e-4, 0.75
        near = [x[:, max(0, i - n // 2) : i + n // 2 + 1].square().sum(1) for i in range(count)]
        return x / (k + alpha * torch.stack(near, 1)) ** beta


def alexnet_2012(image_size: int = 224) -> nn.Module:
    """Figure 2 of doi:10.1145/3065386; padded by 2, so that 224 pixels give the 55×55 map of the figure."""

    def pool() -> nn.Module:
        return nn.MaxPool2d(3, 2)

    side = (image_size - 7) // 4 + 1
    for _ in range(3):
        side = (side - 3) // 2 + 1
    return nn.Sequential(
        OrderedDict(
            conv1=nn.Conv2d(3, 96, 11, 4, 2), relu1=nn.ReLU(), norm1=ResponseNorm(), pool1=pool(),
            conv2=nn.Conv2d(96, 256, 5, 1, 2, groups=2), relu2=nn.ReLU(), norm2=ResponseNorm(), pool2=pool(),
            conv3=nn.Conv2d(256, 384, 3, 1, 1), relu3=nn.ReLU(),
            conv4=nn.Conv2d(384, 384, 3, 1, 1, groups=2), relu4=nn.ReLU(),
            conv5=nn.Conv2d(384, 256, 3, 1, 1, groups=2), relu5=nn.ReLU(), pool5=pool(), flatten=nn.Flatten(),
            fc6=nn.Linear(256 * side**2, 4096), relu6=nn.ReLU(), drop6=nn.Dropout(),
            fc7=nn.Linear(4096, 4096), relu7=nn.ReLU(), drop7=nn.Dropout(),
            fc8=nn.Linear(4096, 1000),
        )
    )  # fmt: skip


NO_DROPOUT = {"dropout": 0.0}
SMALL = {"image_size": 96}

CASES: tuple[Case, ...] = (
    Case("resnet34", 64, other=96, full=False),
    Case("resnet101", 64, other=96, full=False),
    Case("resnet152", 64, other=96, full=False),
    Case("resnext50_32x4d", 64, other=96, full=False),
    Case("resnext101_32x8d", 64, other=96, full=False, double=False),
    Case("resnext101_64x4d", 64, other=96, full=False, double=False),
    Case("wide_resnet50_2", 64, other=96, full=False),
    Case("wide_resnet101_2", 64, other=96, full=False, double=False),
    Case("resnet20", 32, {}, {"n": 3}, other=45, constructor=cifar_resnet),
    Case("resnet56", 32, {}, {"n": 9}, other=45, full=False, constructor=cifar_resnet),
    Case("alexnet_2012", 96, {**NO_DROPOUT, **SMALL}, SMALL, 1, other=128, constructor=alexnet_2012),
    Case("squeezenet1_0", 64, NO_DROPOUT, other=96, full=False),
    Case("squeezenet1_1", 64, NO_DROPOUT, other=96),
    Case("googlenet", 64, {**NO_DROPOUT, "dropout_aux": 0.0}, {"init_weights": False}, 1, other=96),
)
