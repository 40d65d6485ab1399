"""The other members of VGG, DenseNet, ViT and Swin."""

from __future__ import annotations

from torch import nn

from tests.references.parity import Case

NO_DROPOUT = {"dropout": 0.0}
AS_DRAWN = {"init_weights": False}
STOCHASTIC = {"stochastic_depth": 0.0}
DEEPER = ("densenet161", "densenet169", "densenet201")


def densenet264() -> nn.Module:
    """The largest network of the paper's table 1, of which torchvision has the parts alone."""
    from tests.references.torchvision_shim import models

    return models.DenseNet(growth_rate=32, block_config=(6, 12, 64, 48))


CASES: tuple[Case, ...] = (
    *(
        Case(f"vgg{layers}{suffix}", 32, NO_DROPOUT, AS_DRAWN, other=64, full=False)
        for layers in (11, 13, 16, 19)
        for suffix in ("", "_bn")
        if (layers, suffix) != (16, "")
    ),
    *(Case(name, 64, other=96, full=False) for name in DEEPER),
    Case("densenet264", 64, other=96, full=False, constructor=densenet264),
    Case("vit_b_32", 64, {"image_size": 64}, {"image_size": 64}, other=96, full=False),
    Case("vit_l_16", 64, {"image_size": 64}, {"image_size": 64}, other=96, full=False, double=False),
    Case("vit_l_32", 64, {"image_size": 64}, {"image_size": 64}, other=96, full=False, double=False),
    Case("vit_h_14", 56, {"image_size": 56}, {"image_size": 56}, other=84, full=False, double=False),
    *(Case(f"swin_{size}", 96, {**STOCHASTIC, "image_size": 96}, other=128, full=False) for size in "sb"),
    # The first stage of a 64-pixel image is two windows high, the second one, the third less than one.
    Case("swin_v2_t", 64, {**STOCHASTIC, "image_size": 64}, depth=3, other=96),
    *(Case(f"swin_v2_{size}", 64, {**STOCHASTIC, "image_size": 64}, other=96, full=False) for size in "sb"),
)
