"""Every family of networks that read or make images, small: what tests can export and run in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

FAMILIES: Final = Path(__file__).parents[2] / "specs" / "families"


@dataclass(frozen=True)
class Small:
    """A network of a family at a small size."""

    spec: str
    params: Mapping[str, Any] = field(default_factory=dict)
    image: tuple[int, int] | None = None
    """Height and width, where the spec leaves both free."""
    others: tuple[tuple[int, int], ...] = ()
    """Other heights and widths that the ONNX file takes; none where they are fixed in it."""
    family: str = ""
    """As `archdsl list` calls it; the spec's name where it is empty."""

    @property
    def called(self) -> str:
        return self.family or self.spec


def _family(name: str) -> str:
    """A family's own spec, which has a few layers."""
    return str(FAMILIES / f"{name}.yaml")


def _free(spec: str, side: int, family: str = "", **params: Any) -> Small:
    """One that takes images of any size."""
    return Small(spec, params, (side, side), ((side + 32, side + 64), (side + 5, side + 3)), family)


def _fixed(spec: str, family: str = "", **params: Any) -> Small:
    return Small(spec, params, family=family)


SMALL: Final = (
    _free("alexnet", 96, num_classes=7),
    _fixed("alexnet_2012", num_classes=7),
    _fixed("capsnet", channels=16, capsules=2, decoder=[8, 9]),
    _fixed(
        "clip_vit_b_32",
        embed_dim=8,
        image_size=32,
        patch_size=16,
        vision_width=12,
        vision_layers=1,
        vision_heads=2,
        vocab_size=20,
        context_length=9,
        text_width=8,
        text_layers=1,
        text_heads=2,
    ),
    _free("convmixer_1024_20", 32, "convmixer", dim=8, depth=1, patch_size=4),
    _free("convnext_tiny", 32, "convnext", widths=[8, 12], depths=[1, 1]),
    _fixed("dcgan_discriminator", channels=[8, 9], image_size=16),
    _fixed("dcgan_generator", channels=[8, 6], latent=5),
    _fixed("ddpm_cifar10", "ddpm", image_size=8, channels=8, multipliers=[1, 2], layers=1, attention_at=[4], groups=4),
    _fixed("deit_b_16_distilled", image_size=32, dim=12, depth=1, num_heads=2, mlp_dim=16),
    _free("densenet121", 32, "densenet", growth_rate=4, block_config=[2, 1], num_init_features=8),
    _free(
        "detr_resnet50",
        64,
        layers=[1, 1, 1, 1],
        num_queries=5,
        hidden_dim=16,
        num_heads=2,
        encoder_layers=1,
        decoder_layers=2,
        feedforward_dim=16,
    ),
    _fixed("dit_xl_2", "dit", image_size=8, hidden_size=16, depth=1, num_heads=2, frequencies=8, num_classes=5),
    _free(_family("efficientnet"), 32, "efficientnet"),
    _free("fcos_resnet50_fpn", 160, layers=[1, 1, 1, 1], out_channels=64, num_classes=5, num_convs=1),
    _free(
        _family("ghostnet"), 32, "ghostnet", stages=[[{"kernel": 3, "hidden": 16, "out": 16, "se": True, "stride": 2}]]
    ),
    _fixed("gmlp_ti16", "gmlp", image_size=32, dim=8, depth=1, hidden=12),
    _free("googlenet", 64),
    _fixed("hiera_tiny", "hiera", image_size=32, dim=8, depths=[1, 1], windows=[4, 0]),
    Small("inception_resnet_v2", image=(96, 96)),  # its trace takes minutes where height and width vary
    _free("inception_v2", 64),
    _free("inception_v3", 299),
    Small("inception_v4", image=(96, 96)),
    _fixed("lenet5"),
    _fixed("levit_128s", "levit", widths=[32, 48], depths=[1, 1], num_heads=[2, 3], image_size=64, num_classes=7),
    _fixed("maxvit_t", "maxvit", image_size=56, stem=8, channels=[8], layers=[2], head_dim=4),
    _free(
        _family("metaformer"),
        32,
        "metaformer",
        head_dim=8,
        stages=[
            {"width": 8, "layers": 1, "mixer": "separable_convolution", "mlp": "convolutional_mlp", "scale": False},
            {"width": 16, "layers": 1, "mixer": "attention", "mlp": "linear_mlp", "scale": True},
        ],
    ),
    _fixed("mixer_b16", image_size=32, dim=8, depth=1, tokens_dim=6, channels_dim=12),
    _free(
        "mnasnet0_5",
        32,
        "mnasnet",
        stem=[8, 8],
        stacks=[
            {"expand": 3, "kernel": 3, "stride": 2, "out": 8, "layers": 1},
        ],
    ),
    _free(
        "mobilenet_v2",
        32,
        stages=[
            {"expand": 1, "out": 8, "layers": 1, "stride": 1},
            {"expand": 3, "out": 8, "layers": 2, "stride": 2},
        ],
    ),
    _free(_family("mobilenet_v3"), 32, "mobilenet_v3"),
    _free(_family("mobilenet_v4"), 32, "mobilenet_v4"),
    _fixed(
        "mobilevit_xxs",
        "mobilevit",
        image_size=64,
        stem=8,
        expand=2,
        widths=[8, 8, 12, 12, 16],
        dims=[8, 8, 12],
        depths=[1, 1, 1, 1, 1],
        layers=[1, 1, 1],
        last_channels=12,
        num_heads=2,
    ),
    _free(
        "pvt_v2_b0", 32, "pvt_v2", widths=[8, 16], depths=[1, 1], num_heads=[1, 2], mlp_ratios=[2, 2], reductions=[2, 1]
    ),
    _free("regnet_y_400mf", 32, "regnet", depth=2, w_0=8),
    _free("repvgg_a0", 32, "repvgg", stem=8, depths=[1, 2], widths=[8, 12]),
    _fixed("resmlp_12", "resmlp", image_size=32, dim=8, depth=1),
    _free("resnet50", 64, "resnet", layers=[1, 1, 1, 1], channels=8),
    _free("resnet50_fpn", 96, layers=[1, 1, 1, 1], out_channels=16),
    _free(
        "segformer_b0",
        32,
        "segformer",
        decoder_width=8,
        num_classes=5,
        stages=[
            {"width": 8, "depth": 1, "heads": 1, "reduction": 4},
            {"width": 16, "depth": 1, "heads": 2, "reduction": 1},
        ],
    ),
    _free("fcn_resnet50", 64, "segmentation"),
    _free("shufflenet_v2_x0_5", 32, "shufflenet_v2", repeats=[2, 1], channels=[8, 16, 24, 32]),
    _fixed("siamese", convs=[[8, 10], [9, 7]], embedding=12),
    _fixed("simple_vit_s_16", image_size=32, dim=8, depth=1, heads=2, mlp_dim=12),
    _free("squeezenet1_1", 48, "squeezenet"),
    _free("swin_t", 56, "swin", embed_dim=12, depths=[2], num_heads=[3]),
    Small("unet", {"width": 4, "depth": 2}, (76, 76), ((108, 140),)),
    _free("vgg11", 64, "vgg", cfg=[8, "M", 8, "M"], num_classes=7),
    _fixed("vit_b_32", "vit", image_size=32, patch_size=16, num_layers=1, num_heads=2, hidden_dim=12, mlp_dim=16),
)
NO_IMAGES: Final = frozenset({
    "bert_base_uncased", "bilstm_tagger", "gpt2", "hifigan", "llama", "mamba_130m", "recurrent", "seq2seq",
    "seq2seq_bahdanau", "seq2seq_luong", "t5_small", "transformer", "wav2vec2", "whisper",
})  # fmt: skip
"""The other families."""
SELDOM: Final = frozenset({
    "alexnet", "convmixer", "googlenet", "inception_resnet_v2", "inception_v2", "inception_v3", "inception_v4",
    "lenet5", "mixer_b16", "mnasnet", "mobilenet_v4", "regnet", "repvgg", "resmlp", "resnet", "resnet50_fpn",
    "segformer", "segmentation", "siamese", "squeezenet", "vgg",
})  # fmt: skip
"""Families whose ops others have at the same ranks and with sizes as free: exported where `.ci/all` asks for all."""
