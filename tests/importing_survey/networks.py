"""The networks, by where they come from: each a function that makes it with its inputs."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from tests.importing_survey.proof import Images, Inputs
from tests.references.parity import undrawn

Network = Callable[[], "tuple[nn.Module, Inputs] | tuple[nn.Module, Inputs, Images]"]
SIZES = (64, 96, 128, 160, 224, 256)
"""Of images: the first that a network takes."""


def images(height: int, width: int | None = None) -> Inputs:
    """Standard normal images: square ones of a height alone."""

    def drawn(batch: int) -> tuple[Tensor, ...]:
        generator = torch.Generator().manual_seed(batch)
        return (torch.randn(batch, 3, height, width or height, generator=generator),)

    return drawn


def _timm(name: str) -> Network:
    def made() -> tuple[nn.Module, Inputs]:
        from tests.references.torchvision_shim import timm_model

        error: Exception | None = None
        for size in SIZES:
            for sized in ({"img_size": size}, {}):
                try:
                    model = timm_model(name, **sized).eval()
                    model(images(size)(2)[0])
                except Exception as failure:
                    error = failure
                else:
                    return model, images(size)
        raise RuntimeError(f"`{name}` takes none of the sizes: {error}")

    return made


TIMM: dict[str, str] = {
    "beit": "beit_base_patch16_224",
    "byoanet": "halonet_h1",
    "byobnet": "test_byobnet",
    "cait": "cait_xxs24_224",
    "coat": "coat_tiny",
    "convit": "convit_tiny",
    "convmixer": "convmixer_768_32",
    "convnext": "test_convnext",
    "cpubone": "cpubone_nano",
    "crossvit": "crossvit_tiny_240",
    "csatv2": "csatv2",
    "cspnet": "cs3darknet_focus_s",
    "cspnext": "cspnext_tiny",
    "davit": "davit_tiny",
    "deepseek_vit": "deepseek_vit_412m",
    "deit": "deit_tiny_patch16_224",
    "densenet": "densenet121",
    "dla": "dla46x_c",
    "dpn": "dpn48b",
    "edgenext": "edgenext_xx_small",
    "efficientformer": "efficientformer_l1",
    "efficientformer_v2": "efficientformerv2_s0",
    "efficientnet": "test_efficientnet",
    "efficientvim": "efficientvim_m1",
    "efficientvit_mit": "efficientvit_b0",
    "efficientvit_msra": "efficientvit_m0",
    "eva": "vit_tiny_patch16_dinov3_qkvb",
    "fasternet": "fasternet_t0",
    "fastvit": "fastvit_t8",
    "focalnet": "focalnet_tiny_srf",
    "gcvit": "gcvit_xxtiny",
    "gemma4_vit": "gemma4_vit_167m",
    "ghostnet": "ghostnet_050",
    "hardcorenas": "hardcorenas_b",
    "hgnet": "hgnetv2_b0",
    "hiera": "hiera_tiny_224",
    "hieradet_sam2": "sam2_hiera_tiny",
    "hrnet": "hrnet_w18_small",
    "iformer": "iformer_t",
    "inception_next": "inception_next_atto",
    "inception_resnet_v2": "inception_resnet_v2",
    "inception_v3": "inception_v3",
    "inception_v4": "inception_v4",
    "lcnetv2": "lcnetv2_small",
    "levit": "levit_128s",
    "lowformer": "lowformer_b0",
    "mambaout": "test_mambaout",
    "maxxvit": "test_coatnet",
    "metaformer": "poolformerv2_s12",
    "mlp_mixer": "gmlp_ti16_224",
    "mobilenetv3": "mobilenetv3_small_050",
    "mobilenetv5": "mobilenetv5_base",
    "mobilevit": "mobilevit_xxs",
    "mvitv2": "mvitv2_tiny",
    "naflexvit": "naflexvit_base_patch16_parfac_gap",
    "nasnet": "nasnetalarge",
    "nest": "nest_tiny",
    "nextvit": "nextvit_small",
    "nfnet": "test_nfnet",
    "pit": "pit_ti_224",
    "pnasnet": "pnasnet5large",
    "pvt_v2": "pvt_v2_b0",
    "qwen3_vit": "qwen3_vit_88m",
    "rdnet": "rdnet_tiny",
    "regnet": "regnetx_002",
    "repghost": "repghostnet_050",
    "repvit": "repvit_m1",
    "res2net": "res2next50",
    "resnest": "resnest14d",
    "resnet": "test_resnet",
    "resnetv2": "resnetv2_18",
    "rexnet": "rexnet_100",
    "selecsls": "selecsls42",
    "senet": "legacy_seresnet18",
    "sequencer": "sequencer2d_s",
    "shvit": "shvit_s1",
    "sknet": "skresnet18",
    "starnet": "starnet_s050",
    "swiftformer": "swiftformer_xs",
    "swin_transformer": "swin_tiny_patch4_window7_224",
    "swin_transformer_v2": "swinv2_tiny_window8_256",
    "swin_transformer_v2_cr": "swinv2_cr_tiny_224",
    "tiny_vit": "tiny_vit_5m_224",
    "tnt": "tnt_s_legacy_patch16_224",
    "tresnet": "tresnet_m",
    "twins": "twins_svt_small",
    "vgg": "vgg11",
    "visformer": "visformer_tiny",
    "vision_transformer": "test_vit",
    "vision_transformer_hybrid": "vit_tiny_r_s16_p8_224",
    "vision_transformer_relpos": "test_vit_relpos",
    "vision_transformer_sam": "samvit_base_patch16_224",
    "vitamin": "vitamin_small_224",
    "volo": "volo_d1_224",
    "vovnet": "ese_vovnet19b_slim_dw",
    "xception": "legacy_xception",
    "xception_aligned": "xception41p",
    "xcit": "xcit_nano_12_p8_224",
}


def tokens(batch: int) -> tuple[Tensor, ...]:
    """Numbers of words: none is a padding's."""
    return (torch.randint(3, 64, (batch, 12), generator=torch.Generator().manual_seed(batch)),)


def spectrograms(batch: int) -> tuple[Tensor, ...]:
    return (torch.randn(batch, 16, 40, generator=torch.Generator().manual_seed(batch)),)


def sounds(batch: int) -> tuple[Tensor, ...]:
    return (torch.randn(batch, 800, generator=torch.Generator().manual_seed(batch)),)


TRANSFORMERS: dict[str, Inputs] = {
    **dict.fromkeys(
        ("bert", "roberta", "distilbert", "albert", "electra", "gpt2", "gpt_neox", "opt", "llama", "mistral", "qwen2",
         "qwen3", "gemma", "phi", "t5_encoder", "clip_text"), tokens,
    ),
    **dict.fromkeys(("vit", "deit", "dinov2", "swin", "clip_vision"), images(32)),
    **dict.fromkeys(("convnext", "segformer"), images(64)),
    "whisper_encoder": spectrograms,
    "wav2vec2": sounds,
}  # fmt: skip


def _transformer(name: str, inputs: Inputs) -> Network:
    def made() -> tuple[nn.Module, Inputs]:
        from tests.importing_survey import small_transformers
        from tests.references import torchvision_shim  # noqa: F401 - transformers imports torchvision

        model: nn.Module = getattr(small_transformers, name)()
        return model, inputs

    return made


def _torchvision(name: str) -> Network:
    def made() -> tuple[nn.Module, Inputs, Images]:
        from tests.references.torchvision_shim import models

        settings: dict[str, object] = {"weights_backbone": None} if name in SEGMENTATION else {}
        if name in _TOLD:
            settings["init_weights"] = False
        if name.startswith("vit_"):
            settings["image_size"] = TORCHVISION[name]
        with undrawn():
            return models.get_model(name, weights=None, **settings), images(TORCHVISION[name]), images

    return made


SEGMENTATION = (
    "deeplabv3_mobilenet_v3_large", "deeplabv3_resnet101", "deeplabv3_resnet50", "fcn_resnet101", "fcn_resnet50",
    "lraspp_mobilenet_v3_large",
)  # fmt: skip
_TOLD = ("googlenet", "inception_v3")
"""Those that warn where nobody says how their weights begin."""
_REGNETS = ("400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf")
_FIXED = {
    "inception_v3": 299,
    "googlenet": 96,
    "maxvit_t": 224,
    "alexnet": 96,
    "vit_h_14": 56,
    "vit_l_16": 64,
    "vit_l_32": 128,
}
TORCHVISION: dict[str, int] = {
    name: _FIXED.get(name, 224 if name.startswith("vit_") else 64)
    for name in (
        *("alexnet", *(f"convnext_{size}" for size in ("tiny", "small", "base", "large"))),
        *(f"densenet{depth}" for depth in (121, 161, 169, 201)),
        *(f"efficientnet_b{scale}" for scale in range(8)),
        *(f"efficientnet_v2_{size}" for size in "sml"),
        *("googlenet", "inception_v3", "maxvit_t"),
        *(f"mnasnet{width}" for width in ("0_5", "0_75", "1_0", "1_3")),
        *("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large"),
        *(f"regnet_x_{size}" for size in _REGNETS),
        *(f"regnet_y_{size}" for size in (*_REGNETS, "128gf")),
        *(f"resnet{depth}" for depth in (18, 34, 50, 101, 152)),
        *("resnext50_32x4d", "resnext101_32x8d", "resnext101_64x4d"),
        *(f"shufflenet_v2_x{width}" for width in ("0_5", "1_0", "1_5", "2_0")),
        *("squeezenet1_0", "squeezenet1_1"),
        *(f"swin{version}_{size}" for version in ("", "_v2") for size in "tsb"),
        *(f"vgg{depth}{norm}" for depth in (11, 13, 16, 19) for norm in ("", "_bn")),
        *("vit_b_16", "vit_b_32", "vit_l_16", "vit_l_32", "vit_h_14"),
        *("wide_resnet50_2", "wide_resnet101_2"),
        *SEGMENTATION,
    )
}
"""The size of the images: small ones where the network takes them, or, as the largest ViTs, can be made for them."""


COLLECTIONS: dict[str, dict[str, Network]] = {
    "torchvision": {name: _torchvision(name) for name in TORCHVISION},
    "timm": {name: _timm(name) for name in TIMM.values()},
    "transformers": {name: _transformer(name, inputs) for name, inputs in TRANSFORMERS.items()},
}
