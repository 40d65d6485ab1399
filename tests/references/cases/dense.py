"""Segmentation, pyramids, generators, and convolutions that learn where to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.references.parity import Case


def segmentation(name: str) -> nn.Module:
    """torchvision's network with its auxiliary head in training only: torchvision's runs in evaluation too."""
    from tests.references.torchvision_shim import models

    model: nn.Module = getattr(models.segmentation, name)(weights=None, weights_backbone=None, aux_loss=True)
    model.register_forward_hook(lambda module, _, result: result if module.training else {"out": result["out"]})
    return model


def segformer(**settings: Any) -> nn.Module:
    """The network of `transformers`; without settings it is B0."""
    from transformers.models import segformer as family

    from tests.references import torchvision_shim  # noqa: F401  (transformers imports torchvision)

    class Segformer(family.SegformerForSemanticSegmentation):  # type: ignore[misc]
        def forward(self, images: Tensor) -> Tensor:
            logits: Tensor = super().forward(images).logits
            return logits

    given = {"num_labels": 150, **settings, "drop_path_rate": 0.0}
    return Segformer(family.SegformerConfig(**given, attn_implementation="sdpa"))


def pyramid(norm: str = "frozen_batch_norm2d") -> nn.Module:
    """torchvision's pyramid on a ResNet-50, no layer frozen; frozen statistics get telling values."""
    from tests.references.torchvision_shim import models

    tools = models.detection.backbone_utils
    frozen = tools.misc_nn_ops.FrozenBatchNorm2d
    make = {"frozen_batch_norm2d": frozen, "batch_norm2d": nn.BatchNorm2d}[norm]
    model: nn.Module = tools.resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=make, trainable_layers=5
    )
    tell_frozen_norms(model, frozen)
    return model


def tell_frozen_norms(model: nn.Module, kind: type[nn.Module]) -> None:
    """Give batch norms of this kind, whose statistics and scale are buffers, telling values."""
    generator = torch.Generator().manual_seed(5)
    for module in model.modules():
        if isinstance(module, kind):
            for key, (middle, spread) in _FROZEN.items():
                buffer = module.get_buffer(key)
                buffer.copy_(middle + spread * torch.randn(buffer.shape, generator=generator).clamp(-2, 2))


_FROZEN = {"weight": (0.7, 0.1), "bias": (0.0, 0.2), "running_mean": (0.0, 0.2), "running_var": (2.0, 0.3)}


class DoubleConv(nn.Module):
    """Two valid 3×3 convolutions (U-Net, figure 1)."""

    def __init__(self, before: int, after: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3)
        self.conv2 = nn.Conv2d(after, after, 3)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(F.relu(self.conv2(F.relu(self.conv1(x)))))


class Down(nn.Module):
    """Half the map, and two convolutions."""

    def __init__(self, before: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.conv = DoubleConv(before, 2 * before, dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(F.max_pool2d(x, 2))


class Up(nn.Module):
    """A 2×2 up-convolution, the skipped map's middle beside it, and two convolutions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.upconv = nn.ConvTranspose2d(channels, channels // 2, 2, stride=2)
        self.conv = DoubleConv(channels, channels // 2)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = self.upconv(x)
        top, left = ((s - n) // 2 for s, n in zip(skip.shape[-2:], x.shape[-2:], strict=True))
        middle = skip[..., top : top + x.shape[-2], left : left + x.shape[-1]]
        return self.conv(torch.cat([middle, x], dim=1))


class UNet(nn.Module):
    """arXiv:1505.04597, figure 1."""

    def __init__(self, width: int = 64, dropout: float = 0.5) -> None:
        super().__init__()
        self.level0 = DoubleConv(1, width)
        self.level1 = Down(width)
        self.level2 = Down(2 * width)
        self.level3 = Down(4 * width, dropout)
        self.level4 = Down(8 * width, dropout)
        self.up3 = Up(16 * width)
        self.up2 = Up(8 * width)
        self.up1 = Up(4 * width)
        self.up0 = Up(2 * width)
        self.head = nn.Conv2d(width, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        level0 = self.level0(x)
        level1 = self.level1(level0)
        level2 = self.level2(level1)
        level3 = self.level3(level2)
        x = self.up2(self.up3(self.level4(level3), level3), level2)
        return self.head(self.up0(self.up1(x, level1), level0))


class Generator(nn.Module):
    """arXiv:1511.06434, figure 1: noise projected to a small map, which fractionally strided convolutions enlarge."""

    def __init__(self, channels: Sequence[int] = (1024, 512, 256, 128)) -> None:
        super().__init__()
        self.first = channels[0]
        self.project = nn.Linear(100, channels[0] * 16, bias=False)
        self.norm0 = nn.BatchNorm2d(channels[0])
        for i, (before, after) in enumerate(pairwise(channels)):
            self.add_module(f"up{i + 1}", _enlarge(before, after))
            self.add_module(f"norm{i + 1}", nn.BatchNorm2d(after))
        self.image = _enlarge(channels[-1], 3)
        self.steps = len(channels) - 1

    def forward(self, z: Tensor) -> Tensor:
        x = F.relu(self.norm0(self.project(z).view(-1, self.first, 4, 4)))
        for i in range(1, self.steps + 1):
            x = F.relu(self.get_submodule(f"norm{i}")(self.get_submodule(f"up{i}")(x)))
        return torch.tanh(self.image(x))


def _enlarge(before: int, after: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, after, 5, stride=2, padding=2, output_padding=1, bias=False)


class Discriminator(nn.Module):
    """arXiv:1511.06434, section 3: strided convolutions, leaky, no norm after the first, one sigmoid."""

    def __init__(self, image_size: int = 64) -> None:
        super().__init__()
        self.conv0 = nn.Conv2d(3, 128, 5, stride=2, padding=2, bias=False)
        for i in (1, 2, 3):
            self.add_module(f"conv{i}", nn.Conv2d(64 * 2**i, 128 * 2**i, 5, stride=2, padding=2, bias=False))
            self.add_module(f"norm{i}", nn.BatchNorm2d(128 * 2**i))
        self.score = nn.Linear(1024 * (image_size // 16) ** 2, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.leaky_relu(self.conv0(x), 0.2)
        for i in (1, 2, 3):
            x = F.leaky_relu(self.get_submodule(f"norm{i}")(self.get_submodule(f"conv{i}")(x)), 0.2)
        return torch.sigmoid(self.score(x.flatten(1)))


def deformed(
    x: Tensor,
    offset: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: int,
    padding: int,
    dilation: int,
    groups: int,
) -> Tensor:
    """Equations 2 to 4 of arXiv:1703.06211, one output place, tap and corner at a time.

    `offset` is (N, 2·k·k, P, Q): dy and dx of each tap.
    """
    n, _, p, q = offset.shape
    k = weight.shape[-1]
    shift = offset.view(n, k * k, 2, p, q)
    rows = []
    for u in range(p):
        for v in range(q):
            taps = []
            for t in range(k * k):
                y = u * stride - padding + t // k * dilation + shift[:, t, 0, u, v]
                z = v * stride - padding + t % k * dilation + shift[:, t, 1, u, v]
                taps.append(_bilinear(x, y, z))
            rows.append(_weighted(torch.stack(taps, -1), weight.flatten(2), groups))
    out = torch.stack(rows, -1).view(n, -1, p, q)
    return out if bias is None else out + bias[:, None, None]


def _bilinear(x: Tensor, y: Tensor, z: Tensor) -> Tensor:
    """(N, C): each image of (N, C, H, W) at its own place, nothing outside. Equation 3: max(0, 1 - |a - b|)."""
    height, width = x.shape[-2:]
    total = torch.zeros_like(x[..., 0, 0])
    for i in (0, 1):
        for j in (0, 1):
            row, column = y.detach().floor().long() + i, z.detach().floor().long() + j
            inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
            share = (1 - (y - row).abs()).clamp(min=0) * (1 - (z - column).abs()).clamp(min=0)
            found = x[torch.arange(len(x)), :, row.clamp(0, height - 1), column.clamp(0, width - 1)]
            total = total + (share * inside)[:, None] * found
    return total


def _weighted(taps: Tensor, weight: Tensor, groups: int) -> Tensor:
    """(N, C, taps) and (O, C / groups, taps) to (N, O)."""
    parts = zip(taps.chunk(groups, 1), weight.chunk(groups, 0), strict=True)
    return torch.cat([torch.einsum("nct,oct->no", part, own) for part, own in parts], 1)


class DeformConv(nn.Module):
    """A deformable convolution by its definition; slow."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, stride: int = 1, padding: int = 0,
        dilation: int = 1, groups: int = 1, bias: bool = True,
    ) -> None:  # fmt: skip
        super().__init__()
        k = kernel_size
        self.fields = (stride, padding, dilation, groups)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, k, k).normal_())
        self.bias = nn.Parameter(torch.empty(out_channels).normal_()) if bias else None
        self.conv_offset = nn.Conv2d(in_channels, 2 * k * k, k, stride=stride, padding=padding, dilation=dilation)

    def forward(self, x: Tensor) -> Tensor:
        return deformed(x, self.conv_offset(x), self.weight, self.bias, *self.fields)


def deformable_resnet50() -> nn.Module:
    """torchvision's ResNet-50 with deformable 3×3 convolutions in its last stage."""
    from tests.references.torchvision_shim import models

    model: nn.Module = models.resnet50()
    for block in model.get_submodule("layer4"):
        old: Any = block.conv2
        block.conv2 = DeformConv(old.in_channels, old.out_channels, 3, stride=old.stride[0], padding=1, bias=False)
    return model


class Noise(Case):
    """A generator's case: `size` is that of the image that it makes."""

    def at(self, size: int) -> Case:
        channels = {"channels": [1024, 512, 256, 128, 64][: (size // 8).bit_length()]}
        return replace(self, size=size, params=channels, arguments=channels)

    def images(self, batch: int, seed: int = 0) -> Tensor:
        """Noise, N×100."""
        generator = torch.Generator().manual_seed(1000 * seed + batch)
        return torch.randn(batch, 100, generator=generator, dtype=torch.float64)


THIN = {
    "stages": [
        {"width": 8, "depth": 1, "heads": 1, "reduction": 4}, {"width": 12, "depth": 2, "heads": 2, "reduction": 2},
        {"width": 20, "depth": 1, "heads": 5, "reduction": 1}, {"width": 24, "depth": 1, "heads": 3, "reduction": 1},
    ],
    "decoder_width": 16, "num_classes": 7, "dropout": 0.0, "stochastic_depth": 0.0,
}  # fmt: skip
HUGGING_THIN = {
    "hidden_sizes": [8, 12, 20, 24], "depths": [1, 2, 1, 1], "num_attention_heads": [1, 2, 5, 3],
    "sr_ratios": [4, 2, 1, 1], "decoder_hidden_size": 16, "num_labels": 7,
}  # fmt: skip
NARROW = {"width": 8, "dropout": 0.0}
IMAGE = {"image_size": 64}
NO_DROPOUT = {"dropout": 0.0}

CASES: tuple[Case, ...] = (
    # 188 is the smallest image that U-Net takes; test_dense.py has the published width.
    Case("unet", 188, NARROW, NARROW, 1, other=220, constructor=UNet, channels=1),
    Case("fcn_resnet50", 48, NO_DROPOUT, {"name": "fcn_resnet50"}, 3, other=64, full=False, constructor=segmentation),
    Case(
        "deeplabv3_resnet50", 48, {**NO_DROPOUT, "aspp_dropout": 0.0}, {"name": "deeplabv3_resnet50"}, 3,
        other=64, constructor=segmentation,
    ),
    # A quarter of 72 pixels is 18, which the first reduction cuts short.
    Case("segformer_b0", 64, THIN, HUGGING_THIN, 3, other=72, constructor=segformer),
    Case("resnet50_fpn", 64, {}, {}, 3, other=96, constructor=pyramid),
    Noise("dcgan_generator", 64, {}, {}, 1, other=32, constructor=Generator),
    Case("dcgan_discriminator", 64, IMAGE, IMAGE, 1, other=96, constructor=Discriminator),
    Case("deformable_resnet50", 64, {}, {}, other=96, constructor=deformable_resnet50),
)  # fmt: skip
