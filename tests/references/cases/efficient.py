"""Networks scaled from a table: EfficientNet, ConvNeXt, MaxViT."""

from __future__ import annotations

from torch import nn

from tests.references.parity import Case

STOCHASTIC = {"stochastic_depth": 0.0}
SMALL = {"image_size": 64, "partition": 2}


def maxvit_t(image_size: int, partition: int) -> nn.Module:
    """torchvision's network with smaller windows, as smaller images need them."""
    from tests.references.torchvision_shim import models

    model: nn.Module = models.maxvit.MaxVit(
        (image_size, image_size), stem_channels=64, partition_size=partition, block_channels=[64, 128, 256, 512],
        block_layers=[2, 2, 5, 2], head_dim=32, stochastic_depth_prob=0.2,
    )  # fmt: skip
    return model


def efficientnet(name: str, *, full: bool = False, double: bool = True) -> Case:
    params = {"dropout": 0.0, **STOCHASTIC}
    return Case(name, 64, params, other=96, full=full, double=double, calibration=160)


def convnext(name: str, *, double: bool = True) -> Case:
    return Case(name, 32, STOCHASTIC, other=64, full=False, double=double)


CASES: tuple[Case, ...] = (
    *(efficientnet(f"efficientnet_b{i}", double=i < 6) for i in range(1, 8)),
    efficientnet("efficientnet_v2_s", full=True),
    efficientnet("efficientnet_v2_m"),
    efficientnet("efficientnet_v2_l", double=False),
    convnext("convnext_small"),
    convnext("convnext_base"),
    convnext("convnext_large", double=False),
    Case("maxvit_t", 64, {**SMALL, **STOCHASTIC}, SMALL, depth=4, other=128, constructor=maxvit_t),
)
