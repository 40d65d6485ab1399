"""The Inception networks that torchvision does not have: timm's, and the batch-normalised one from its paper."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from tests.references.cases.timm_networks import timm_network
from tests.references.parity import Case

FIGURE_5 = {
    # channels out; #1×1, #3×3 reduce, #3×3, double #3×3 reduce, double #3×3, projection
    "3a": (256, (64, 64, 64, 64, 96, 32)),
    "3b": (320, (64, 64, 96, 64, 96, 64)),
    "3c": (576, (0, 128, 160, 64, 96, 0)),
    "4a": (576, (224, 64, 96, 96, 128, 128)),
    "4b": (576, (192, 96, 128, 96, 128, 128)),
    "4c": (576, (160, 128, 160, 128, 160, 128)),
    "4d": (576, (96, 128, 192, 160, 192, 128)),
    "4e": (1024, (0, 128, 192, 192, 256, 0)),
    "5a": (1024, (352, 192, 320, 160, 224, 128)),
    "5b": (1024, (352, 192, 320, 192, 224, 128)),
}
"""arXiv:1502.03167, figure 5, as printed. In 4c and 4d the printed projection makes 608 channels, not the printed
576; what follows fits 576, so the reference projects to what is left for it, 96. Zeros: 3c and 4e pass on."""


class _Conv(nn.Module):
    def __init__(self, before: int, after: int, size: int, stride: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, size, stride, size // 2, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return self.bn(self.conv(x)).relu()


class _Module(nn.Module):
    """One row of the table; without a #1×1 it halves the map and passes the pooled map through."""

    def __init__(self, before: int, after: int, row: Sequence[int], pool: nn.Module) -> None:
        super().__init__()
        one, reduce, three, double_reduce, double, _ = row
        stride = 1 if one else 2
        branches: list[nn.Module] = [_Conv(before, one, 1)] if one else []
        branches += [
            nn.Sequential(_Conv(before, reduce, 1), _Conv(reduce, three, 3, stride)),
            nn.Sequential(
                _Conv(before, double_reduce, 1), _Conv(double_reduce, double, 3), _Conv(double, double, 3, stride)
            ),
        ]
        left = after - one - three - double
        branches.append(nn.Sequential(pool, _Conv(before, left, 1)) if one else nn.MaxPool2d(3, 2, 1))
        for i, branch in enumerate(branches):
            self.add_module(f"branch{i}", branch)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([branch(x) for branch in self.children()], 1)


class _BatchNormalisedInception(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        # "separable convolution with depth multiplier 8 on the first convolutional layer"
        self.conv1_depthwise = nn.Conv2d(3, 3 * 8, 7, 2, 3, groups=3, bias=False)
        self.conv1 = _Conv(24, 64, 1)
        self.maxpool1 = nn.MaxPool2d(3, 2, 1)
        self.conv2_reduce = _Conv(64, 64, 1)
        self.conv2 = _Conv(64, 192, 3)
        self.maxpool2 = nn.MaxPool2d(3, 2, 1)
        channels = 192
        for name, (after, row) in FIGURE_5.items():
            average = nn.AvgPool2d(3, 1, 1, count_include_pad=False)
            pool = nn.MaxPool2d(3, 1, 1) if name == "5b" else average
            self.add_module(f"inception_{name}", _Module(channels, after, row, pool))
            channels = after
        self.fc = nn.Linear(channels, 1000)

    def forward(self, x: Tensor) -> Tensor:
        for layer in list(self.children())[:-1]:
            x = layer(x)
        return self.fc(x.mean((2, 3)))


CASES: tuple[Case, ...] = (
    Case("inception_v2", 64, other=96, constructor=_BatchNormalisedInception),
    Case("inception_v4", 139, other=171, full=False, constructor=timm_network("inception_v4")),
    Case("inception_resnet_v2", 139, depth=1, other=171, constructor=timm_network("inception_resnet_v2")),
)
