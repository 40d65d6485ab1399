"""Networks that timm has and torchvision has not: mixers, hybrids, pyramids, re-parametrised ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from tests.references.parity import Case


def timm_network(name: str, *, distilled: bool = False) -> Callable[..., nn.Module]:
    """What makes timm's network of that name; `image_size` is its `img_size`. A distilled one trains two heads."""

    def construct(**arguments: Any) -> nn.Module:
        from tests.references.torchvision_shim import timm_model

        sizes = {"img_size": arguments.pop("image_size")} if "image_size" in arguments else {}
        model: Any = timm_model(name, **arguments, **sizes)
        if distilled:
            model.set_distilled_training(True)
        return model

    return construct


def convmixer(dim: int, **arguments: Any) -> nn.Module:
    """The network with fewer channels, which timm's function of that name does not take."""
    from timm.models.convmixer import ConvMixer

    return ConvMixer(dim=dim, depth=20, kernel_size=9, patch_size=14, **arguments)


def small_caformer(**arguments: Any) -> nn.Module:
    """A narrow one with two layers of attention in its third stage."""
    from timm.models import metaformer

    mixers = [metaformer.SepConv] * 2 + [metaformer.Attention] * 2
    norms = [metaformer.LayerNorm2dNoBias] * 2 + [metaformer.LayerNormNoBias] * 2
    return metaformer.MetaFormer(
        depths=(1, 1, 2, 1), dims=(16, 32, 64, 96), token_mixers=mixers, norm_layers=norms, **arguments
    )


CONVOLUTIONS = {"mixer": "separable_convolution", "mlp": "convolutional_mlp", "scale": False}
ATTENTION = {"mixer": "attention", "mlp": "linear_mlp", "scale": True}
STAGES = [
    {"width": 16, "layers": 1, **CONVOLUTIONS},
    {"width": 32, "layers": 1, **CONVOLUTIONS},
    {"width": 64, "layers": 2, **ATTENTION},
    {"width": 96, "layers": 1, **ATTENTION},
]
NARROW = {"dim": 64}
SMALL = {"image_size": 64}
NO_DROPOUT = {"dropout": 0.0}
UNDROPPED = {"drop_rate": 0.0}
STOCHASTIC = {"stochastic_depth": 0.0}
STEADY = {**SMALL, **STOCHASTIC}


def levit(name: str, *, depth: int = 2, full: bool = True) -> Case:
    return Case(
        name, 64, SMALL, SMALL, depth, other=80, full=full, calibration_images=32,
        constructor=timm_network(name, distilled=True),
    )  # fmt: skip


def mobilenet_v4(size: str, *, depth: int = 2, full: bool = True) -> Case:
    return Case(
        f"mobilenet_v4_{size}", 64, NO_DROPOUT, UNDROPPED, depth, other=40, full=full,
        constructor=timm_network(f"mobilenetv4_{size}"),
    )  # fmt: skip


CASES: tuple[Case, ...] = (
    Case("repvgg_a0", 64, depth=3, other=40, constructor=timm_network("repvgg_a0")),
    Case("repvgg_b1g4", 64, other=40, full=False, double=False, constructor=timm_network("repvgg_b1g4")),
    Case("convmixer_1024_20", 42, NARROW, NARROW, other=56, calibration=84, constructor=convmixer),
    Case("convmixer_768_32", 42, other=35, full=False, calibration=70, constructor=timm_network("convmixer_768_32")),
    Case("gmlp_ti16", 64, SMALL, SMALL, other=96, constructor=timm_network("gmlp_ti16_224")),
    Case("gmlp_s16", 64, STEADY, SMALL, other=96, full=False, constructor=timm_network("gmlp_s16_224")),
    Case("resmlp_12", 64, SMALL, SMALL, other=96, constructor=timm_network("resmlp_12_224")),
    Case("resmlp_24", 64, SMALL, SMALL, other=96, full=False, constructor=timm_network("resmlp_24_224")),
    Case("pvt_v2_b0", 64, STOCHASTIC, depth=4, other=96, constructor=timm_network("pvt_v2_b0")),
    Case("pvt_v2_b2", 64, STOCHASTIC, other=96, full=False, constructor=timm_network("pvt_v2_b2")),
    Case("caformer_s18", 64, {"stages": STAGES, **STOCHASTIC}, depth=4, other=96, constructor=small_caformer),
    Case("convformer_s18", 64, STOCHASTIC, other=96, full=False, constructor=timm_network("convformer_s18")),
    levit("levit_128s", depth=4),
    levit("levit_256", full=False),
    # Of an 80-pixel image's last three maps one has even sides; the others are stretched.
    Case("mobilevit_xxs", 64, SMALL, depth=3, other=80, constructor=timm_network("mobilevit_xxs")),
    Case("mobilevit_s", 64, SMALL, other=80, full=False, constructor=timm_network("mobilevit_s")),
    Case("ghostnet_050", 64, NO_DROPOUT, UNDROPPED, depth=3, other=40, constructor=timm_network("ghostnet_050")),
    Case("ghostnet_100", 64, NO_DROPOUT, UNDROPPED, other=40, full=False, constructor=timm_network("ghostnet_100")),
    mobilenet_v4("conv_small", depth=3),
    mobilenet_v4("conv_medium", full=False),
    Case(
        "hiera_tiny", 64, {**STEADY, "dim": 16, "depths": [1, 2, 2, 1]},
        {**SMALL, "embed_dim": 16, "stages": (1, 2, 2, 1)}, other=96, constructor=timm_network("hiera_tiny_224"),
    ),
    Case("hiera_small", 64, STEADY, SMALL, other=96, full=False, constructor=timm_network("hiera_small_224")),
)  # fmt: skip
