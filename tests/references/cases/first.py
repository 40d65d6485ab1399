"""The first member of each of torchvision's best-known families."""

from __future__ import annotations

from tests.references.parity import Case

NO_DROPOUT = {"dropout": 0.0}
STOCHASTIC = {"stochastic_depth": 0.0}
SMALL = {"image_size": 64}

CASES: tuple[Case, ...] = (
    Case("alexnet", 64, NO_DROPOUT, other=96),
    Case("vgg16", 32, NO_DROPOUT, {"init_weights": False}, other=64),
    Case("resnet18", 64, other=96),
    Case("resnet50", 64, other=96),
    # The auxiliary head takes no smaller image.
    Case("inception_v3", 299, NO_DROPOUT, {"init_weights": False}, 1, other=331),
    Case("densenet121", 64, depth=3, other=96),
    Case("efficientnet_b0", 64, {**NO_DROPOUT, **STOCHASTIC}, depth=3, other=96, calibration=160),
    Case("convnext_tiny", 64, STOCHASTIC, depth=3, other=96),
    Case("vit_b_16", 64, SMALL, SMALL, 3, other=96),
    # The last two stages of a 96-pixel image are 6×6 and 3×3: padded windows, and one that covers the map.
    Case("swin_t", 96, {**STOCHASTIC, "image_size": 96}, depth=3, other=128),
)
